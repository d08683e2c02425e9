#include "store/memory/sessions.hpp"

#include <algorithm>
#include <utility>

#include "store/memory/addresses.hpp"
#include "store/memory/attempts.hpp"

namespace porter::detail::store::memory {

namespace {

bool is_over(session const& one, base::timestamp now, base::timestamp idle_since)
{
    return is_past_its_end(one, now) || one.last_used_at <= idle_since;
}

session add_session(tables& all, new_session const& fresh)
{
    session opened;
    opened.id = ++all.last_session;
    opened.account = fresh.account;
    opened.created_at = fresh.created_at;
    opened.last_used_at = fresh.created_at;
    opened.expires_at = fresh.expires_at;
    opened.address = fresh.address;
    opened.transport = fresh.transport;
    all.sessions.emplace(opened.id, session_row{opened, fresh.digest});
    return opened;
}

result<opened_session> open_session(operation& now, tables& all, new_session const& fresh)
{
    auto* row = now.account(fresh.account);
    if (!row || row->account.disabled_at || row->account.credential_version != fresh.credential_version) {
        return unexpected(errc::credential_changed);
    }
    undo_verified_attempt(now, all, fresh.attempt);
    opened_session opened;
    opened.account = fresh.account;
    opened.id = add_session(all, fresh).id;
    opened.before = std::exchange(row->history, access_history{fresh.created_at, fresh.address, 0});
    record_address(all, fresh.address, fresh.network, row->account.name, fresh.account, fresh.created_at);
    row->networks.insert(fresh.network);

    auto const is_of_account = [&](auto const& entry) { return entry.second.session.account == fresh.account; };
    auto const count = std::ranges::count_if(all.sessions, is_of_account);
    auto surplus = count - std::int64_t{std::max<std::uint32_t>(fresh.max_sessions, 1)};
    now.end_sessions(name_of(end_cause::replaced),
                     [&](session_row const& each) { return each.session.account == fresh.account && surplus-- > 0; });
    return opened;
}

}  // namespace

task<result<opened_session>> sessions::open(new_session fresh)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    co_return open_session(now, all_, fresh);
}

task<result<opened_session>> sessions::open_first(account owner, new_session first)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    if (owner.disabled_at) co_return unexpected(errc::credential_changed);
    auto const* added = now.add(std::move(owner));
    if (!added) co_return unexpected(errc::name_taken);
    first.account = added->id;
    first.credential_version = added->credential_version;
    co_return open_session(now, all_, first);
}

task<result<std::optional<found_session>>> sessions::find(token_digest digest)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    auto const same = [&](auto const& entry) { return entry.second.digest == digest; };
    auto const entry = std::ranges::find_if(all_.sessions, same);
    if (entry == all_.sessions.end()) co_return std::optional<found_session>{};
    auto const* row = now.account(entry->second.session.account);
    found_session found;
    found.session = entry->second.session;
    found.account_name = row->account.name;
    found.account_disabled = row->account.disabled_at.has_value();
    found.history = row->history;
    co_return std::optional{found};
}

task<result<std::vector<session>>> sessions::list(account_id account, base::timestamp at, base::timestamp idle_since)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    std::vector<session> live;
    for (auto const& [id, row] : all_.sessions) {
        if (row.session.account == account && !is_over(row.session, at, idle_since)) live.push_back(row.session);
    }
    co_return live;
}

task<result<void>> sessions::end(account_id account, session_id id, end_cause why)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    auto const ended = now.end_sessions(name_of(why), [&](session_row const& each) {
        return each.session.id == id && each.session.account == account;
    });
    if (ended == 0) co_return unexpected(errc::not_found);
    co_return result<void>{};
}

task<result<void>> sessions::end_all(account_id account, end_cause why)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    now.end_sessions_of(account, name_of(why));
    co_return result<void>{};
}

task<result<void>> sessions::touch(std::vector<session_activity> uses)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    for (auto const& use : uses) {
        auto const found = all_.sessions.find(use.id);
        if (found == all_.sessions.end() || use.at < found->second.session.last_used_at) continue;
        found->second.session.last_used_at = use.at;
        if (use.address.empty()) continue;
        found->second.session.address = use.address;
        now.account(found->second.session.account)->networks.insert(use.network);
    }
    co_return result<void>{};
}

task<result<std::size_t>> sessions::prune(base::timestamp at, base::timestamp idle_since)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    co_return now.end_sessions(name_of(end_cause::expired),
                               [&](session_row const& each) { return is_over(each.session, at, idle_since); });
}

task<result<std::vector<session_id>>> sessions::find_ended(std::vector<session_id> live, base::timestamp at)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    std::erase_if(live, [&](session_id id) {
        auto const found = all_.sessions.find(id);
        return found != all_.sessions.end() && !is_past_its_end(found->second.session, at);
    });
    co_return live;
}

task<result<std::vector<session_id>>> sessions::ended_between(base::timestamp after, base::timestamp until)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    std::vector<session_id> ended;
    for (auto const& [id, row] : all_.sessions) {
        if (row.session.expires_at > after && row.session.expires_at <= until) ended.push_back(id);
    }
    co_return ended;
}

void sessions::watch(session_watch watcher)
{
    std::lock_guard const lock{all_.watching};
    all_.ended = std::move(watcher.ended);
}

}  // namespace porter::detail::store::memory
