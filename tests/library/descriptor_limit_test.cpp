// No more slots than the process has descriptors for, those of the service included (promise N4).
#include "library/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <cstdint>

#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "porter/testing/server.hpp"
#include "server/connection_limiter.hpp"
#include "support/catch.hpp"
#include "support/server_clients.hpp"

using namespace porter::testing;
using porter::server_options;
using porter::detail::library::connections_within;
using porter::detail::library::connections_within_limit;
using porter::detail::library::limited_by_descriptors;

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

server_options with_threads(std::size_t threads)
{
    server_options options;
    options.threads = threads;
    return options;
}

server_options with_service(std::size_t for_each, std::size_t in_all = 0)
{
    server_options options;
    options.service_descriptors = for_each;
    options.max_service_descriptors = in_all;
    return options;
}

}  // namespace

TEST_CASE("descriptors are reserved for the process and for rejects and for the threads")
{
    CHECK(connections_within(300, with_threads(2)) == 300 - 64 - porter::detail::server::max_rejects - 2 * 3);
    CHECK(connections_within(1024, with_threads(1)) == 893);
    CHECK(connections_within(1024, with_threads(0)) == 893);  // the caller's thread runs the io_context
}

TEST_CASE("with few descriptors there are still two connections")
{
    for (std::uint64_t const descriptors : {0U, 20U, 131U, 133U}) {
        CHECK(connections_within(descriptors, {}) == 2);
        CHECK(connections_within(descriptors, with_service(4, 1024)) == 2);
    }
    CHECK(connections_within(134, {}) == 3);
}

TEST_CASE("a service that opens a descriptor for each connection halves the connections")
{
    CHECK(connections_within(131 + 200, with_service(1)) == 100);
    CHECK(connections_within(131 + 201, with_service(1)) == 100);
    CHECK(connections_within(131 + 202, with_service(1)) == 101);
}

TEST_CASE("a limit of the service in all leaves more connections than services")
{
    auto const options = with_service(4, 4 * 10);  // ten commands
    CHECK(connections_within(131 + 45, options) == 9);
    CHECK(connections_within(131 + 50, options) == 10);
    CHECK(connections_within(131 + 51, options) == 11);
    CHECK(connections_within(131 + 1040, options) == 1000);
}

TEST_CASE("the connections and their services fit into the descriptors and one more connection does not")
{
    constexpr std::size_t reserve = 131;
    for (std::size_t const for_each : {0U, 1U, 4U, 7U}) {
        for (std::size_t const in_all : {0U, 28U, 1000U}) {
            auto const options = with_service(for_each, in_all);
            auto const need = [&](std::size_t connections) {
                auto const services = connections * for_each;
                return reserve + connections + (in_all == 0 ? services : std::min(services, in_all));
            };
            for (std::size_t descriptors = reserve + 50; descriptors < 2000; ++descriptors) {
                auto const connections = connections_within(descriptors, options);
                REQUIRE(need(connections) <= descriptors);
                REQUIRE(need(connections + 1) > descriptors);
            }
        }
    }
}

TEST_CASE("the limit of this process is the soft one")
{
    descriptor_limit const limit{1024};
    CHECK(connections_within_limit({}) == 893);
    CHECK(connections_within_limit(with_service(1)) == 446);
}

TEST_CASE("the log reports the lowered limit and how to raise it")
{
    descriptor_limit const limit{1024};
    recording_log log;
    CHECK(limited_by_descriptors({}, log).max_connections == 893);
    REQUIRE(log.count("connections_limited") == 1);
    auto const event = log.events().back();
    CHECK(event.level == porter::log_level::warn);
    CHECK(event.field("wanted") == "20000");
    CHECK(event.field("connections") == "893");
    CHECK(event.field("descriptors") == "1024");
    CHECK(event.field("needed") == "20131");
    CHECK(event.field("raise").find("ulimit -n") != std::string::npos);
}

TEST_CASE("the log counts the descriptors of the service among those that are needed")
{
    descriptor_limit const limit{1024};
    recording_log log;
    CHECK(limited_by_descriptors(with_service(1), log).max_connections == 446);
    CHECK(log.events().back().field("needed") == "40131");
    CHECK(limited_by_descriptors(with_service(4, 400), log).max_connections == 493);
    CHECK(log.events().back().field("needed") == "20531");
}

TEST_CASE("as many descriptors as are needed limit nothing")
{
    descriptor_limit const limit{1024};
    recording_log log;
    auto options = with_service(1);
    options.max_connections = 446;
    CHECK(limited_by_descriptors(options, log).max_connections == 446);
    options.max_connections = 1;
    CHECK(limited_by_descriptors(options, log).max_connections == 1);
    CHECK(log.events().empty());
}

TEST_CASE("without a limit of connections the descriptors are the limit and no warning")
{
    descriptor_limit const limit{1024};
    recording_log log;
    server_options options;
    options.max_connections = 0;
    CHECK(limited_by_descriptors(options, log).max_connections == 893);
    REQUIRE(log.count("connections_limited") == 1);
    auto const event = log.events().back();
    CHECK(event.level == porter::log_level::info);
    CHECK(event.field("connections") == "893");
}

TEST_CASE("a server reports once that its service leaves fewer connections")
{
    descriptor_limit const limit{1024};
    asio::io_context io;
    recording_log log;
    memory_store store;
    auto options = test_options();
    options.service_descriptors = 1;
    porter::server const server{io, options, ignore, {.logger = &log, .store = store.ports()}};
    REQUIRE(log.count("connections_limited") == 1);
    CHECK(log.events("connections_limited").front().field("connections") == "446");
}

TEST_CASE("an impossible number of descriptors for a connection is rejected")
{
    asio::io_context io;
    recording_log log;
    memory_store store;
    porter::server_parts const parts{.logger = &log, .store = store.ports()};
    auto options = test_options();
    options.service_descriptors = 65'537;
    CHECK_THROWS_AS((porter::server{io, options, ignore, parts}), porter::start_error);
}
