// No more slots than the process has descriptors for (promise N4).
#include "server/connection_limiter.hpp"

#include <sys/resource.h>

#include "porter/testing/recording_log.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using namespace porter::detail;
using server::max_connections_within;

namespace {

/// Sets the soft limit of descriptors, and restores it on destruction.
class descriptor_limit {
public:
    explicit descriptor_limit(rlim_t soft)
    {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit const now{soft, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
    }
    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    descriptor_limit(descriptor_limit const&) = delete;
    descriptor_limit& operator=(descriptor_limit const&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("the wanted number of connections is kept if the descriptors suffice")
{
    CHECK(max_connections_within(32'768, 2, 20'000) == 20'000);
    CHECK(max_connections_within(1'048'576, 64, 1) == 1);
}

TEST_CASE("descriptors are reserved for the process and for rejects and for the threads")
{
    CHECK(max_connections_within(300, 2, 20'000) == 300 - 64 - server::max_rejects - 2 * 3);
    CHECK(max_connections_within(1024, 1, 893) == 893);
    CHECK(max_connections_within(1024, 1, 894) == 893);
}

TEST_CASE("without a limit the descriptors are the limit")
{
    CHECK(max_connections_within(1024, 1, 0) == 893);
}

TEST_CASE("with few descriptors there are still two connections")
{
    CHECK(max_connections_within(0, 1, 20'000) == 2);
    CHECK(max_connections_within(131, 1, 0) == 2);
    CHECK(max_connections_within(134, 1, 0) == 3);
    CHECK(max_connections_within(20, 1, 1) == 1);
}

TEST_CASE("the log reports the lowered limit and how to raise it")
{
    descriptor_limit const limit{1024};
    recording_log log;
    server::options options;
    CHECK(server::limited_by_descriptors(options, 1, log).max_connections == 893);
    REQUIRE(log.count("connections_limited") == 1);
    auto const event = log.events().back();
    CHECK(event.level == log::level::warn);
    CHECK(event.field("wanted") == "20000");
    CHECK(event.field("connections") == "893");
    CHECK(event.field("descriptors") == "1024");
    CHECK(event.field("raise").find("ulimit -n") != std::string::npos);
}

TEST_CASE("a limit that the descriptors suffice for is not logged")
{
    descriptor_limit const limit{1024};
    recording_log log;
    server::options options;
    options.max_connections = 893;
    CHECK(server::limited_by_descriptors(options, 1, log).max_connections == 893);
    CHECK(log.events().empty());
}
