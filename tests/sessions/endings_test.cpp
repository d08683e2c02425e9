#include "sessions/endings.hpp"

#include <numeric>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using porter::rooms::sessions::endings;
using porter::rooms::store::session_id;

namespace {

std::vector<session_id> ids(session_id first, std::size_t count)
{
    std::vector<session_id> all(count);
    std::iota(all.begin(), all.end(), first);
    return all;
}

}  // namespace

TEST_CASE("a session that ended is remembered")
{
    endings ended;
    CHECK_FALSE(ended.contains(1));
    ended.add(ids(1, 2));
    CHECK(ended.contains(1));
    CHECK(ended.contains(2));
    CHECK_FALSE(ended.contains(3));
}

TEST_CASE("the latest endings are remembered and the oldest forgotten")
{
    endings ended;
    ended.add(ids(1, 3 * endings::remembered));
    CHECK_FALSE(ended.contains(1));
    CHECK_FALSE(ended.contains(endings::remembered));
    CHECK(ended.contains(2 * endings::remembered + 1));
    CHECK(ended.contains(3 * endings::remembered));
    ended.add(ids(1, 1));
    CHECK(ended.contains(1));
    CHECK(ended.contains(2 * endings::remembered + 1));
}

TEST_CASE("endings may be told and asked on several threads")
{
    endings ended;
    std::thread teller{[&] {
        for (session_id id = 1; id <= 1000; ++id) ended.add(ids(id, 1));
    }};
    while (!ended.contains(1000)) std::this_thread::yield();
    teller.join();
    CHECK(ended.contains(1));
}
