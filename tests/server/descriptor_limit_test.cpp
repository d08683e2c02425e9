// As many places as the process has descriptors for (promise N4).
#include "server/connection_limiter.hpp"

#include <sys/resource.h>

#include "support/catch.hpp"
#include "support/recording_log.hpp"

using namespace porter::testing;
using namespace porter::detail;
using server::max_connections_within;

namespace {

/// The soft limit of this process, put back at the end.
class fewer_descriptors {
public:
    explicit fewer_descriptors(rlim_t soft)
    {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit const now{soft, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
    }
    ~fewer_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    fewer_descriptors(fewer_descriptors const&) = delete;
    fewer_descriptors& operator=(fewer_descriptors const&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("as many connections as were wanted are promised where the descriptors suffice")
{
    CHECK(max_connections_within(32'768, 2, 20'000) == 20'000);
    CHECK(max_connections_within(1'048'576, 64, 1) == 1);
}

TEST_CASE("the house and the farewells and the threads keep their share of the descriptors")
{
    CHECK(max_connections_within(300, 2, 20'000) == 300 - 64 - server::max_rejects - 2 * 3);
    CHECK(max_connections_within(1024, 1, 893) == 893);
    CHECK(max_connections_within(1024, 1, 894) == 893);
}

TEST_CASE("no limit is as many connections as there are descriptors for")
{
    CHECK(max_connections_within(1024, 1, 0) == 893);
}

TEST_CASE("with next to no descriptors there are two places and never none")
{
    CHECK(max_connections_within(0, 1, 20'000) == 2);
    CHECK(max_connections_within(131, 1, 0) == 2);
    CHECK(max_connections_within(134, 1, 0) == 3);
    CHECK(max_connections_within(20, 1, 1) == 1);
}

TEST_CASE("the log says how many connections there are instead and what to raise")
{
    fewer_descriptors const limit{1024};
    recording_log log;
    server::options options;
    CHECK(server::limited_by_descriptors(options, 1, log).max_connections == 893);
    REQUIRE(log.count("connections_limited") == 1);
    auto const said = log.events().back();
    CHECK(said.severity == log::level::warn);
    CHECK(said.field("wanted") == "20000");
    CHECK(said.field("connections") == "893");
    CHECK(said.field("descriptors") == "1024");
    CHECK(said.field("raise").find("ulimit -n") != std::string::npos);
}

TEST_CASE("limits that the descriptors suffice for are not mentioned")
{
    fewer_descriptors const limit{1024};
    recording_log log;
    server::options options;
    options.max_connections = 893;
    CHECK(server::limited_by_descriptors(options, 1, log).max_connections == 893);
    CHECK(log.events().empty());
}
