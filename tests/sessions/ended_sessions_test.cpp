#include "sessions/ended_sessions.hpp"

#include <numeric>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using porter::detail::sessions::ended_sessions;
using porter::detail::store::session_id;

namespace {

std::vector<session_id> ids(session_id first, std::size_t count)
{
    std::vector<session_id> all(count);
    std::iota(all.begin(), all.end(), first);
    return all;
}

}  // namespace

TEST_CASE("a session that ended is kept")
{
    ended_sessions ended;
    CHECK_FALSE(ended.contains(1));
    ended.add(ids(1, 2));
    CHECK(ended.contains(1));
    CHECK(ended.contains(2));
    CHECK_FALSE(ended.contains(3));
}

TEST_CASE("the latest ended sessions are kept and the oldest dropped")
{
    ended_sessions ended;
    ended.add(ids(1, 3 * ended_sessions::min_kept));
    CHECK_FALSE(ended.contains(1));
    CHECK_FALSE(ended.contains(ended_sessions::min_kept));
    CHECK(ended.contains(2 * ended_sessions::min_kept + 1));
    CHECK(ended.contains(3 * ended_sessions::min_kept));
    ended.add(ids(1, 1));
    CHECK(ended.contains(1));
    CHECK(ended.contains(2 * ended_sessions::min_kept + 1));
}

TEST_CASE("sessions are added on one thread and looked up on another")
{
    ended_sessions ended;
    std::thread writer{[&] {
        for (session_id id = 1; id <= 1000; ++id) ended.add(ids(id, 1));
    }};
    while (!ended.contains(1000)) std::this_thread::yield();
    writer.join();
    CHECK(ended.contains(1));
}
