#include "store/memory/access_codes.hpp"

#include <algorithm>
#include <utility>

#include "store/memory/sessions.hpp"

namespace porter::detail::store::memory {

namespace {

/// The valid invitation with this code, or null.
invitation_row* find_invitation(tables& data, code_digest const& code, base::timestamp now)
{
    auto const found = std::ranges::find_if(data.invitations, [&](invitation_row const& each) {
        auto const& one = each.invitation;
        return one.code == code && each.used < one.uses && one.expires_at > now;
    });
    return found == data.invitations.end() ? nullptr : &*found;
}

/// The valid reset with this code, or null.
password_reset* find_reset(tables& data, code_digest const& code, base::timestamp now)
{
    auto const found = std::ranges::find_if(
        data.resets, [&](password_reset const& each) { return each.code == code && each.expires_at > now; });
    return found == data.resets.end() ? nullptr : &*found;
}

bool is_opened(tables const& data, token_digest const& digest)
{
    return std::ranges::any_of(data.sessions, [&](auto const& entry) { return entry.second.digest == digest; });
}

}  // namespace

task<result<std::optional<access_code>>> access_codes::find(code_digest code, base::timestamp now)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    if (auto const* const found = find_invitation(data_, code, now)) {
        co_return std::optional{access_code{{}, found->invitation.folded_name}};
    }
    if (auto const* const found = find_reset(data_, code, now))
        co_return std::optional{access_code{found->account, {}}};
    co_return std::optional<access_code>{};
}

task<result<opened_session>> access_codes::register_invited(code_digest code, account owner, new_session first)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    // A repeated call finds its session, whatever the code is by now.
    if (is_opened(data_, first.digest)) co_return open_first_session(op, data_, std::move(owner), std::move(first));
    auto* const found = find_invitation(data_, code, first.created_at);
    bool const is_valid = found && (found->invitation.folded_name.empty() ||  //
                                    found->invitation.folded_name == owner.folded_name);
    if (!is_valid) co_return unexpected(errc::not_found);
    auto opened = open_first_session(op, data_, std::move(owner), std::move(first));
    if (opened) ++found->used;
    co_return opened;
}

task<result<opened_session>> access_codes::reset_password(code_digest code, std::string new_hash, new_session record)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto* const row = op.account(record.account);
    bool const is_repeated = row && row->account.password_hash == new_hash && is_opened(data_, record.digest);
    if (is_repeated) co_return open_session(op, data_, record);
    auto const* const found = find_reset(data_, code, record.created_at);
    if (!row || !found || found->account != record.account) co_return unexpected(errc::not_found);
    if (row->account.disabled_at) co_return unexpected(errc::credential_changed);
    if (row->second_factor && !record.is_second_factor_proved) co_return unexpected(errc::credential_changed);
    row->account.password_hash = std::move(new_hash);
    record.credential_version = ++row->account.credential_version;
    row->counters.clear();
    std::erase_if(data_.resets, [&](password_reset const& each) { return each.account == record.account; });
    op.end_sessions_of(record.account, "password_changed");
    co_return open_session(op, data_, record);
}

}  // namespace porter::detail::store::memory
