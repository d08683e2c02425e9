#include "store/memory/sessions.hpp"

#include <algorithm>
#include <utility>

#include "store/memory/addresses.hpp"
#include "store/memory/attempts.hpp"

namespace porter::detail::store::memory {

namespace {

bool is_over(session const& session, base::timestamp now, base::timestamp idle_since)
{
    return is_past_its_end(session, now) || session.last_used_at <= idle_since;
}

/// The session with this digest, as it was opened, if it belongs to the account; otherwise none.
std::optional<opened_session> find_opened(tables const& data, token_digest const& digest, account_id owner)
{
    for (auto const& [id, row] : data.sessions) {
        if (row.digest == digest && row.session.account == owner) return opened_session{id, owner, row.before};
    }
    return std::nullopt;
}

session_id add_session(tables& data, new_session const& record, access_history const& before)
{
    session opened;
    opened.id = ++data.last_session;
    opened.account = record.account;
    opened.created_at = record.created_at;
    opened.last_used_at = record.created_at;
    opened.expires_at = record.expires_at;
    opened.address = record.address;
    opened.transport = record.transport;
    data.sessions.emplace(opened.id, session_row{opened, record.digest, before});
    return opened.id;
}

}  // namespace

result<opened_session> open_session(operation& op, tables& data, new_session const& record)
{
    if (auto const opened = find_opened(data, record.digest, record.account)) return *opened;
    auto* row = op.account(record.account);
    if (!row || row->account.disabled_at || row->account.credential_version != record.credential_version) {
        return unexpected(errc::credential_changed);
    }
    if (row->second_factor && !record.is_second_factor_proved) return unexpected(errc::credential_changed);
    undo_verified_attempt(op, data, record.attempt);
    opened_session opened;
    opened.account = record.account;
    opened.before = std::exchange(row->history, access_history{record.created_at, record.address, 0});
    opened.id = add_session(data, record, opened.before);
    record_address(data, record.address, record.network, row->account.name, record.account, record.created_at);
    row->networks.insert(record.network);

    auto const is_of_account = [&](auto const& entry) { return entry.second.session.account == record.account; };
    auto const count = std::ranges::count_if(data.sessions, is_of_account);
    auto surplus = count - std::int64_t{std::max<std::uint32_t>(record.max_sessions, 1)};
    op.end_sessions(name_of(end_cause::replaced),
                    [&](session_row const& each) { return each.session.account == record.account && surplus-- > 0; });
    return opened;
}

result<opened_session> open_first_session(operation& op, tables& data, account owner, new_session first)
{
    if (auto const* const row = op.account(owner.folded_name);
        row && row->account.password_hash == owner.password_hash) {
        if (auto const opened = find_opened(data, first.digest, row->account.id)) return *opened;
    }
    if (owner.disabled_at) return unexpected(errc::credential_changed);
    auto const* added = op.add(std::move(owner));
    if (!added) return unexpected(errc::name_taken);
    first.account = added->id;
    first.credential_version = added->credential_version;
    return open_session(op, data, first);
}

task<result<opened_session>> sessions::open(new_session record)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    co_return open_session(op, data_, record);
}

task<result<opened_session>> sessions::open_first(account owner, new_session first)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    co_return open_first_session(op, data_, std::move(owner), std::move(first));
}

task<result<std::optional<found_session>>> sessions::find(token_digest digest)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto const has_digest = [&](auto const& entry) { return entry.second.digest == digest; };
    auto const entry = std::ranges::find_if(data_.sessions, has_digest);
    if (entry == data_.sessions.end()) co_return std::optional<found_session>{};
    auto const* row = op.account(entry->second.session.account);
    found_session found;
    found.session = entry->second.session;
    found.account_name = row->account.name;
    found.account_disabled = row->account.disabled_at.has_value();
    found.history = row->history;
    co_return std::optional{found};
}

task<result<std::vector<session>>> sessions::list(account_id account, base::timestamp now, base::timestamp idle_since)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    std::vector<session> live;
    for (auto const& [id, row] : data_.sessions) {
        if (row.session.account == account && !is_over(row.session, now, idle_since)) live.push_back(row.session);
    }
    co_return live;
}

task<result<void>> sessions::end(account_id account, session_id id, end_cause cause)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto const ended = op.end_sessions(name_of(cause), [&](session_row const& each) {
        return each.session.id == id && each.session.account == account;
    });
    if (ended == 0) co_return unexpected(errc::not_found);
    co_return result<void>{};
}

task<result<void>> sessions::end_all(account_id account, end_cause cause)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    op.end_sessions_of(account, name_of(cause));
    co_return result<void>{};
}

task<result<std::vector<session_id>>> sessions::touch(std::vector<session_activity> activities)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    std::vector<session_id> gone;
    for (auto const& activity : activities) {
        auto const found = data_.sessions.find(activity.id);
        if (found == data_.sessions.end()) gone.push_back(activity.id);
        if (found == data_.sessions.end() || activity.at < found->second.session.last_used_at) continue;
        found->second.session.last_used_at = activity.at;
        if (activity.address.empty()) continue;
        found->second.session.address = activity.address;
        op.account(found->second.session.account)->networks.insert(activity.network);
    }
    co_return gone;
}

task<result<std::size_t>> sessions::prune(base::timestamp now, base::timestamp idle_since)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    std::erase_if(data_.invitations, [now](invitation_row const& each) {
        return each.used >= each.invitation.uses || each.invitation.expires_at <= now;
    });
    std::erase_if(data_.resets, [now](password_reset const& each) { return each.expires_at <= now; });
    co_return op.end_sessions(name_of(end_cause::expired),
                              [&](session_row const& each) { return is_over(each.session, now, idle_since); });
}

task<result<std::vector<session_id>>> sessions::find_ended(std::vector<session_id> live, base::timestamp now)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    std::erase_if(live, [&](session_id id) {
        auto const found = data_.sessions.find(id);
        return found != data_.sessions.end() && !is_past_its_end(found->second.session, now);
    });
    co_return live;
}

task<result<std::vector<session_id>>> sessions::ended_between(base::timestamp after, base::timestamp until)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    std::vector<session_id> ended;
    for (auto const& [id, row] : data_.sessions) {
        if (row.session.expires_at > after && row.session.expires_at <= until) ended.push_back(id);
    }
    co_return ended;
}

void sessions::watch(session_watch watch)
{
    std::lock_guard const lock{data_.watching};
    data_.watch = std::move(watch);
    if (data_.is_partitioned && data_.watch.on_partitioned) data_.watch.on_partitioned();
}

}  // namespace porter::detail::store::memory
