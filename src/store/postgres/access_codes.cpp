#include "store/postgres/access_codes.hpp"

#include <utility>
#include <vector>

#include "store/postgres/opening.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres {

namespace {

using results = std::vector<result_set>;

constexpr char const* find_code =
    "SELECT NULL::bigint, folded_name FROM invitations"
    " WHERE code_digest = $1 AND used < uses AND expires_at > $2"
    " UNION ALL SELECT account_id, '' FROM password_resets WHERE code_digest = $1 AND expires_at > $2";

constexpr char const* delete_invitations = "DELETE FROM invitations WHERE expires_at <= $1 OR used >= uses";
constexpr char const* delete_resets = "DELETE FROM password_resets WHERE expires_at <= $1";

result<std::optional<access_code>> read_code(results const& found)
{
    if (found.at(0).empty()) return std::optional<access_code>{};
    auto const row = found.at(0)[0];
    return std::optional{access_code{row.optional_integer(0), row.text(1)}};
}

/// The session that the last statement returns. None: the statement before returns a row if the code is valid, and then
/// `denial` is the error.
result<opened_session> read_opened(results const& found, errc denial)
{
    if (found.back().empty()) return unexpected(found.at(found.size() - 2).empty() ? errc::not_found : denial);
    auto const row = found.back()[0];
    return opened_session{row.integer(0), row.integer(1), read_history(row, 2)};
}

}  // namespace

task<result<std::optional<access_code>>> access_codes::find(code_digest code, base::timestamp now)
{
    segment work{segment::effect::reads};
    work.add(find_code, code, now);
    auto const answer = co_await resolver_.look_up(std::move(work));
    co_return resolver_.read(answer, read_code);
}

task<result<opened_session>> access_codes::register_invited(code_digest code, account owner, new_session first)
{
    // It would be added without the session, which is not allowed.
    if (owner.disabled_at) co_return unexpected(errc::credential_changed);
    auto work = open_invited_session(code, owner, first);
    auto undo = undo_invited_opening(code, owner, first);
    auto const answer = co_await resolver_.change(std::move(work), std::move(undo));
    auto const reader = [](results const& found) { return read_opened(found, errc::name_taken); };
    co_return resolver_.read(answer.reply, reader);
}

task<result<opened_session>> access_codes::reset_password(code_digest code, std::string new_hash, new_session record)
{
    auto work = open_reset_session(code, new_hash, record);
    auto undo = undo_opening(record);
    auto const answer = co_await resolver_.change(std::move(work), std::move(undo));
    auto const reader = [](results const& found) { return read_opened(found, errc::credential_changed); };
    co_return resolver_.read(answer.reply, reader);
}

task<result<void>> prune_access_codes(resolver& by, base::timestamp now)
{
    segment work{segment::effect::writes};
    work.add(commit_lazily).add(delete_invitations, now).add(delete_resets, now);
    auto const answer = co_await by.change(std::move(work));
    auto const reader = [](results const&) -> result<void> { return {}; };
    co_return by.read(answer.reply, reader);
}

}  // namespace porter::detail::store::postgres
