#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "porter/result.hpp"
#include "store/ports.hpp"

namespace porter::testing {

/// Wraps a store of sessions; a test makes its operations fail.
class faulty_sessions final : public detail::store::sessions {
public:
    using errc = detail::store::errc;
    using session = detail::store::session;
    using session_id = detail::store::session_id;
    using account_id = detail::store::account_id;
    using timestamp = detail::base::timestamp;
    template <typename T>
    using result = detail::store::result<T>;

    explicit faulty_sessions(detail::store::sessions& real) : real_(real) {}

    std::set<std::string_view> broken;  ///< operations that are unavailable, by name
    bool disabled = false;              ///< every account is disabled
    std::size_t touches = 0;            ///< calls of `touch`

    task<result<detail::store::opened_session>> open(detail::store::new_session fresh) override
    {
        if (broken.contains("open")) co_return unexpected(errc::unavailable);
        if (disabled) co_return unexpected(errc::credential_changed);
        auto opened = co_await real_.open(fresh);
        co_return opened;
    }

    task<result<detail::store::opened_session>> open_first(detail::store::account owner,
                                                           detail::store::new_session first) override
    {
        if (broken.contains("open_first")) co_return unexpected(errc::unavailable);
        auto opened = co_await real_.open_first(owner, first);
        co_return opened;
    }

    task<result<std::optional<detail::store::found_session>>> find(detail::store::token_digest digest) override
    {
        if (broken.contains("find")) co_return unexpected(errc::unavailable);
        auto found = co_await real_.find(digest);
        if (found && *found) (*found)->account_disabled = disabled;
        co_return found;
    }

    task<result<std::vector<session>>> list(account_id account, timestamp now, timestamp idle_since) override
    {
        if (broken.contains("list")) co_return unexpected(errc::unavailable);
        auto listed = co_await real_.list(account, now, idle_since);
        co_return listed;
    }

    task<result<void>> end(account_id account, session_id id, detail::store::end_cause cause) override
    {
        if (broken.contains("end")) co_return unexpected(errc::unavailable);
        auto ended = co_await real_.end(account, id, cause);
        co_return ended;
    }

    task<result<void>> end_all(account_id account, detail::store::end_cause cause) override
    {
        if (broken.contains("end_all")) co_return unexpected(errc::unavailable);
        auto ended = co_await real_.end_all(account, cause);
        co_return ended;
    }

    task<result<std::vector<session_id>>> touch(std::vector<detail::store::session_activity> activity) override
    {
        ++touches;
        if (broken.contains("touch")) co_return unexpected(errc::unavailable);
        auto touched = co_await real_.touch(activity);
        co_return touched;
    }

    task<result<std::size_t>> prune(timestamp now, timestamp idle_since) override
    {
        if (broken.contains("prune")) co_return unexpected(errc::unavailable);
        auto pruned = co_await real_.prune(now, idle_since);
        co_return pruned;
    }

    task<result<std::vector<session_id>>> find_ended(std::vector<session_id> live, timestamp now) override
    {
        if (broken.contains("find_ended")) co_return unexpected(errc::unavailable);
        auto over = co_await real_.find_ended(std::move(live), now);
        co_return over;
    }

    task<result<std::vector<session_id>>> ended_between(timestamp after, timestamp until) override
    {
        if (broken.contains("ended_between")) co_return unexpected(errc::unavailable);
        auto ended = co_await real_.ended_between(after, until);
        co_return ended;
    }

    void watch(detail::store::session_watch watcher) override { real_.watch(std::move(watcher)); }

private:
    detail::store::sessions& real_;
};

}  // namespace porter::testing
