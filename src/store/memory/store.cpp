#include "store/memory/store.hpp"

#include <algorithm>

namespace porter::rooms::store::memory {

template <typename Predicate>
std::size_t store::end_where(Predicate doomed)
{
    std::vector<session_id> ended;
    std::erase_if(sessions_, [&](auto const& each) {
        bool const ends = doomed(each.second.session);
        if (ends) ended.push_back(each.first);
        return ends;
    });
    if (watcher_ && !ended.empty()) watcher_(ended);
    return ended.size();
}

task<result<std::optional<account>>> store::find(std::string folded_name)
{
    std::lock_guard const lock{mutex_};
    auto const same = [&](auto const& each) { return each.second.account.folded_name == folded_name; };
    auto const found = std::find_if(accounts_.begin(), accounts_.end(), same);
    if (found == accounts_.end()) co_return std::optional<account>{};
    co_return std::optional{found->second.account};
}

task<result<std::optional<account>>> store::find(account_id id)
{
    std::lock_guard const lock{mutex_};
    auto const found = accounts_.find(id);
    if (found == accounts_.end()) co_return std::optional<account>{};
    co_return std::optional{found->second.account};
}

task<result<account>> store::add(account fresh)
{
    std::lock_guard const lock{mutex_};
    for (auto const& [id, each] : accounts_) {
        if (each.account.folded_name == fresh.folded_name) co_return refuse(errc::name_taken);
    }
    fresh.id = ++last_account_;
    fresh.credential_version = 1;
    accounts_[fresh.id].account = fresh;
    co_return fresh;
}

task<result<void>> store::count_failure(account_id id)
{
    std::lock_guard const lock{mutex_};
    auto const found = accounts_.find(id);
    if (found != accounts_.end()) ++found->second.history.failed_since;
    co_return result<void>{};
}

task<result<void>> store::rehash(account_id id, std::string old_hash, std::string new_hash)
{
    std::lock_guard const lock{mutex_};
    auto const found = accounts_.find(id);
    if (found == accounts_.end() || found->second.account.password_hash != old_hash) {
        co_return refuse(errc::credential_changed);
    }
    found->second.account.password_hash = std::move(new_hash);
    co_return result<void>{};
}

task<result<void>> store::change_password(account_id id, std::string old_hash, std::string new_hash, session_id keep)
{
    std::lock_guard const lock{mutex_};
    auto const found = accounts_.find(id);
    if (found == accounts_.end() || found->second.account.disabled_at ||
        found->second.account.password_hash != old_hash) {
        co_return refuse(errc::credential_changed);
    }
    found->second.account.password_hash = std::move(new_hash);
    ++found->second.account.credential_version;
    found->second.history.failed_since = 0;
    end_where([&](session const& each) { return each.account == id && each.id != keep; });
    co_return result<void>{};
}

task<result<opened_session>> store::open(new_session fresh)
{
    std::lock_guard const lock{mutex_};
    auto const found = accounts_.find(fresh.account);
    if (found == accounts_.end() || found->second.account.disabled_at ||
        found->second.account.credential_version != fresh.credential_version) {
        co_return refuse(errc::credential_changed);
    }
    opened_session opened{++last_session_, found->second.history};
    found->second.history = {fresh.created_at, fresh.address, 0};
    session made{opened.id,        fresh.account, fresh.created_at, fresh.created_at,
                 fresh.expires_at, fresh.address, fresh.transport};
    sessions_[opened.id] = {made, fresh.digest};

    std::vector<session_id> mine;  // oldest first: the ids rise
    for (auto const& [id, each] : sessions_) {
        if (each.session.account == fresh.account) mine.push_back(id);
    }
    auto const surplus = mine.size() > fresh.keep ? mine.size() - fresh.keep : 0;
    auto const oldest = std::span{mine}.first(surplus);
    end_where([&](session const& each) { return std::find(oldest.begin(), oldest.end(), each.id) != oldest.end(); });
    co_return opened;
}

task<result<std::optional<found_session>>> store::find(token_digest digest)
{
    std::lock_guard const lock{mutex_};
    auto const same = [&](auto const& each) { return each.second.digest == digest; };
    auto const found = std::find_if(sessions_.begin(), sessions_.end(), same);
    if (found == sessions_.end()) co_return std::optional<found_session>{};
    auto const& owner = accounts_.at(found->second.session.account);
    found_session answer{found->second.session, owner.account.name, owner.account.disabled_at.has_value(),
                         owner.history};
    co_return std::optional{std::move(answer)};
}

task<result<std::vector<session>>> store::list(account_id account, base::timestamp now, base::timestamp idle_since)
{
    std::lock_guard const lock{mutex_};
    std::vector<session> found;
    for (auto const& [id, each] : sessions_) {
        auto const& one = each.session;
        if (one.account == account && one.expires_at > now && one.last_used_at > idle_since) found.push_back(one);
    }
    co_return found;
}

task<result<void>> store::end(account_id account, session_id id)
{
    std::lock_guard const lock{mutex_};
    auto const ended = end_where([&](session const& each) { return each.id == id && each.account == account; });
    if (ended == 0) co_return refuse(errc::not_found);
    co_return result<void>{};
}

task<result<void>> store::end_all(account_id account)
{
    std::lock_guard const lock{mutex_};
    end_where([&](session const& each) { return each.account == account; });
    co_return result<void>{};
}

task<result<void>> store::touch(std::vector<session_use> uses)
{
    std::lock_guard const lock{mutex_};
    for (auto const& use : uses) {
        auto const found = sessions_.find(use.id);
        if (found == sessions_.end() || use.at < found->second.session.last_used_at) continue;
        found->second.session.last_used_at = use.at;
        if (!use.address.empty()) found->second.session.address = use.address;
    }
    co_return result<void>{};
}

task<result<std::size_t>> store::prune(base::timestamp now, base::timestamp idle_since)
{
    std::lock_guard const lock{mutex_};
    auto const ended =
        end_where([&](session const& each) { return each.expires_at <= now || each.last_used_at <= idle_since; });
    co_return ended;
}

void store::watch_ended(std::function<void(std::span<session_id const>)> ended)
{
    std::lock_guard const lock{mutex_};
    watcher_ = std::move(ended);
}

task<result<std::optional<std::string>>> store::name_of(std::string address)
{
    std::lock_guard const lock{mutex_};
    auto const found = addresses_.find(address);
    if (found == addresses_.end()) co_return std::optional<std::string>{};
    co_return std::optional{found->second};
}

task<result<void>> store::record(std::string address, std::string name, std::optional<account_id>, base::timestamp)
{
    std::lock_guard const lock{mutex_};
    addresses_[std::move(address)] = std::move(name);
    co_return result<void>{};
}

}  // namespace porter::rooms::store::memory
