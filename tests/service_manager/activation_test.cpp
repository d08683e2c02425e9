#include "service_manager/activation.hpp"

#include <cstdlib>

#include "support/catch.hpp"

using namespace porter::detail::service_manager;
using std::chrono::microseconds;

namespace {

constexpr pid_t self = 4711;

std::vector<int> descriptors(char const* pid, char const* count)
{
    auto const found = inherited_descriptors({.listen_pid = pid, .listen_fds = count}, self);
    REQUIRE(found);
    return *found;
}

}  // namespace

TEST_CASE("inherited sockets begin at descriptor 3")
{
    CHECK(descriptors("4711", "1") == std::vector{3});
    CHECK(descriptors("4711", "3") == std::vector{3, 4, 5});
    CHECK(descriptors("4711", "0").empty());
}

TEST_CASE("sockets for another process are ignored")
{
    CHECK(descriptors("4712", "1").empty());
    CHECK(descriptors("", "1").empty());
    CHECK(inherited_descriptors({.listen_fds = "1"}, self)->empty());
    CHECK(inherited_descriptors({}, self)->empty());
}

TEST_CASE("a wrong number of sockets is an error")
{
    for (char const* each : {"", "-1", "x", "65", "99999999999999999999"}) {
        CAPTURE(each);
        CHECK_FALSE(inherited_descriptors({.listen_pid = "4711", .listen_fds = each}, self));
    }
}

TEST_CASE("the time of the watchdog is that of the variables")
{
    CHECK(*watchdog_time({}, self) == microseconds{0});
    CHECK(*watchdog_time({.watchdog_usec = "30000000"}, self) == std::chrono::seconds{30});
    CHECK(*watchdog_time({.watchdog_pid = "4711", .watchdog_usec = "5"}, self) == microseconds{5});
    CHECK(*watchdog_time({.watchdog_pid = "1", .watchdog_usec = "5"}, self) == microseconds{0});
    CHECK(watchdog_time({.watchdog_usec = "0"}, self).error() ==
          "WATCHDOG_USEC: \"0\" is not a number of microseconds");
    CHECK_FALSE(watchdog_time({.watchdog_usec = "9223372036854775807"}, self));
}

TEST_CASE("the variables are taken out of the environment")
{
    ::setenv("LISTEN_PID", "1", 1);
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_FDNAMES", "a:b", 1);
    ::setenv("WATCHDOG_PID", "3", 1);
    ::setenv("WATCHDOG_USEC", "4", 1);
    auto const taken = take_variables();
    CHECK(taken.listen_pid == "1");
    CHECK(taken.listen_fds == "2");
    CHECK(taken.watchdog_pid == "3");
    CHECK(taken.watchdog_usec == "4");
    for (char const* each : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"}) {
        CHECK(std::getenv(each) == nullptr);
    }
    CHECK_FALSE(take_variables().listen_pid);
}
