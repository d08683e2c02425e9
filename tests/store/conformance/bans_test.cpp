// Bans, as a server learns of them (promise N17).
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

#include "store/conformance/store_fixture.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;
using porter::detail::store::ban;

namespace {

/// The bans as the store has reported them last, a line each. Outlives the watch.
class reported_bans {
public:
    porter::detail::store::ban_watch watcher()
    {
        return [this](std::span<ban const> bans) {
            std::lock_guard const lock{mutex_};
            lines_.clear();
            for (auto const& each : bans) {
                auto const end =
                    each.expires_at ? std::to_string(each.expires_at->time_since_epoch().count()) : "never";
                lines_.insert(each.network + ' ' + end + (each.is_silent ? " silent" : ""));
            }
            ++calls_;
            changed_.notify_all();
        };
    }

    /// Waits until these are reported. False: they were not within 20 seconds.
    bool wait_for(std::set<std::string> const& lines)
    {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return lines_ == lines; });
    }

    int calls()
    {
        std::lock_guard const lock{mutex_};
        return calls_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> lines_;
    int calls_ = 0;
};

}  // namespace

TEST_CASE("the bans are reported when the watch is set and after each change by an administrator")
{
    auto const kind = GENERATE(from_range(backends()));
    CAPTURE(kind.name);
    reported_bans reported;
    store_fixture fixture{kind};
    fixture.bans().watch(reported.watcher());
    CHECK(reported.calls() == 1);
    fixture.administrator().set_bans({{"192.0.2.0/24", at(10), false}, {"2001:db8::/64", {}, true}});
    CHECK(reported.wait_for({"192.0.2.0/24 " + seconds_of(at(10)), "2001:db8::/64 never silent"}));
    fixture.administrator().set_bans({{"192.0.2.0/24", at(20), false}});
    CHECK(reported.wait_for({"192.0.2.0/24 " + seconds_of(at(20))}));
    fixture.administrator().set_bans({});
    CHECK(reported.wait_for({}));
    fixture.bans().watch({});
}

TEST_CASE("a new watch is told of the bans before it is set and the old one is not called any more")
{
    reported_bans first;
    reported_bans second;
    ended_sessions ended;
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.bans().watch(first.watcher());
    fixture.administrator().set_bans({{"192.0.2.7", {}, false}});
    REQUIRE(first.wait_for({"192.0.2.7 never"}));
    auto const calls = first.calls();
    fixture.bans().watch(second.watcher());
    CHECK(second.calls() == 1);
    CHECK(second.wait_for({"192.0.2.7 never"}));
    fixture.administrator().set_bans({});
    CHECK(second.wait_for({}));
    CHECK(first.calls() == calls);
    fixture.bans().watch({});
    auto const last = second.calls();
    fixture.administrator().set_bans({{"192.0.2.7", {}, false}});
    // The report of the second session shows that the store has finished the look that found the first, and the ban.
    auto const alice = fixture.add("alice");
    fixture.sessions().watch({ended.watcher()});
    for (int number : {1, 2}) {
        auto const session = fixture.open(session_of(alice, number));
        CHECK(fixture.run(fixture.sessions().end(alice.id, session)));
        CHECK(ended.wait_for(session));
    }
    CHECK(second.calls() == last);
    fixture.sessions().watch({});
}
