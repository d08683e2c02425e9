#include "store/postgres/second_factors.hpp"

#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres {

namespace {

using results = std::vector<result_set>;

constexpr char const* find_factor =
    "SELECT sealed_secret, last_step, (SELECT count(*) FROM recovery_codes"
    " WHERE recovery_codes.account_id = second_factors.account_id AND used_by IS NULL)"
    " FROM second_factors WHERE account_id = $1";

constexpr char const* insert_factor =
    "INSERT INTO second_factors (account_id, sealed_secret, last_step, created_at)"
    " SELECT id, $2, $3, $4 FROM accounts WHERE id = $1 ON CONFLICT (account_id) DO NOTHING";

// They belong to the factor of this segment, or of the one that it repeats.
constexpr char const* insert_codes =
    "INSERT INTO recovery_codes (account_id, digest) SELECT $1, digest FROM unnest($3) AS added (digest)"
    " WHERE EXISTS (SELECT FROM second_factors WHERE account_id = $1 AND sealed_secret = $2)"
    " ON CONFLICT (account_id, digest) DO NOTHING";

constexpr char const* has_factor = "SELECT FROM second_factors WHERE account_id = $1 AND sealed_secret = $2";

constexpr char const* delete_added = "DELETE FROM second_factors WHERE account_id = $1 AND sealed_secret = $2";

// Of concurrent uses each sees what the last owner of the lock did.
constexpr char const* lock_factor = "SELECT FROM second_factors WHERE account_id = $1 FOR NO KEY UPDATE";

constexpr char const* use_later_step =
    "UPDATE second_factors SET last_step = $2, last_use = $3 WHERE account_id = $1 AND last_step < $2";

constexpr char const* is_step_of_use =
    "SELECT FROM second_factors WHERE account_id = $1 AND last_step = $2 AND last_use = $3";

constexpr char const* use_unused_code =
    "UPDATE recovery_codes SET used_by = $3, used_at = $4 WHERE account_id = $1 AND digest = $2 AND used_by IS NULL";

constexpr char const* is_code_of_use =
    "SELECT FROM recovery_codes WHERE account_id = $1 AND digest = $2 AND used_by = $3";

constexpr char const* restore_code =
    "UPDATE recovery_codes SET used_by = NULL, used_at = NULL WHERE account_id = $1 AND digest = $2 AND used_by = $3";

// The recovery codes follow by their key.
constexpr char const* delete_factor = "DELETE FROM second_factors WHERE account_id = $1";

result<std::optional<second_factor>> read_factor(results const& found)
{
    if (found.at(0).empty()) return std::optional<second_factor>{};
    auto const row = found.at(0)[0];
    return std::optional{second_factor{row.bytes(0), row.integer(1), row.integer(2)}};
}

/// The last statement returns a row: the change is stored, by this segment or by a previous one.
result<void> read_stored(results const& found, errc denial)
{
    if (found.back().empty()) return unexpected(denial);
    return {};
}

}  // namespace

task<result<std::optional<second_factor>>> second_factors::find(account_id account)
{
    segment work{segment::effect::reads};
    work.add(find_factor, account);
    auto const answer = co_await resolver_.look_up(std::move(work));
    co_return resolver_.read(answer, read_factor);
}

task<result<void>> second_factors::add(new_second_factor record)
{
    auto const sealed = base::as_bytes(record.sealed_secret);
    std::span<token_digest const> const digests{record.recovery_codes};
    segment work{segment::effect::writes};
    work.add(lock_account, record.account);
    work.add(insert_factor, record.account, sealed, record.last_step, record.created_at);
    work.add(insert_codes, record.account, sealed, digests);
    work.add(has_factor, record.account, sealed);
    segment undo{segment::effect::writes};
    undo.add(lock_account, record.account).add(delete_added, record.account, sealed);
    auto const answer = co_await resolver_.change(std::move(work), std::move(undo));
    auto const reader = [](results const& found) { return read_stored(found, errc::credential_changed); };
    co_return resolver_.read(answer.reply, reader);
}

task<result<void>> second_factors::use_step(account_id account, std::int64_t step, attempt_id use)
{
    segment work{segment::effect::writes};
    work.add(lock_factor, account).add(use_later_step, account, step, use).add(is_step_of_use, account, step, use);
    // No undoing: a step that was used in vain costs the user the wait for the next code.
    auto const answer = co_await resolver_.change(std::move(work));
    auto const reader = [](results const& found) { return read_stored(found, errc::not_found); };
    co_return resolver_.read(answer.reply, reader);
}

task<result<void>> second_factors::use_recovery_code(account_id account, token_digest digest, attempt_id use,
                                                     base::timestamp at)
{
    base::bytes_view const code{digest};
    segment work{segment::effect::writes};
    work.add(lock_factor, account).add(use_unused_code, account, code, use, at);
    work.add(is_code_of_use, account, code, use);
    segment undo{segment::effect::writes};
    undo.add(lock_factor, account).add(restore_code, account, code, use);
    auto const answer = co_await resolver_.change(std::move(work), std::move(undo));
    auto const reader = [](results const& found) { return read_stored(found, errc::not_found); };
    co_return resolver_.read(answer.reply, reader);
}

task<result<void>> second_factors::remove(account_id account)
{
    segment work{segment::effect::writes};
    work.add(lock_account, account).add(delete_factor, account);
    auto const answer = co_await resolver_.change(std::move(work));
    auto const reader = [](results const&) -> result<void> { return {}; };
    co_return resolver_.read(answer.reply, reader);
}

}  // namespace porter::detail::store::postgres
