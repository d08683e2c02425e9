#include "config/metrics_address.hpp"

#include "config/fixtures.hpp"

using namespace porter::detail::config;

TEST_CASE("metrics are served at an IP address and a port or at a UNIX socket")
{
    auto const v4 = metrics_address::parse("127.0.0.1:9678");
    REQUIRE(v4);
    CHECK(v4->ip == "127.0.0.1");
    CHECK(v4->port == 9678);
    auto const v6 = metrics_address::parse("[::1]:0");
    REQUIRE(v6);
    CHECK(v6->ip == "::1");
    CHECK(v6->port == 0);
    auto const local = metrics_address::parse("unix:/run/porter/metrics");
    REQUIRE(local);
    CHECK(local->ip.empty());
    CHECK(local->path == "/run/porter/metrics");
}

TEST_CASE("an address of metrics has no default parts and no name")
{
    std::string const text =
        GENERATE("", "9678", ":9678", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "localhost:9678",
                 "::1:9678", "[127.0.0.1]:9678", "[]:1", "unix:", "unix:metrics");
    auto const parsed = metrics_address::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().find("is not ") != std::string::npos);
    CHECK_FALSE(metrics_address::parse("unix:/" + std::string(107, 'x')));
}

TEST_CASE("only loopback addresses and UNIX sockets are not exposed")
{
    CHECK_FALSE(metrics_address::parse("127.3.2.1:1")->is_exposed());
    CHECK_FALSE(metrics_address::parse("[::1]:1")->is_exposed());
    CHECK_FALSE(metrics_address::parse("unix:/x")->is_exposed());
    CHECK(metrics_address::parse("0.0.0.0:1")->is_exposed());
    CHECK(metrics_address::parse("[::]:1")->is_exposed());
    CHECK(metrics_address::parse("192.0.2.1:1")->is_exposed());
}

TEST_CASE("the option metrics is empty by default and shown as it was given")
{
    CHECK(options_of({}).metrics.is_empty());
    for (std::string const text : {"127.0.0.1:9678", "[::1]:1", "unix:/run/x"}) {
        CHECK(options_of({"--metrics", text}).metrics.text() == text);
    }
    auto const problem = problem_of([] { options_of({"--metrics", "9678"}); });
    CHECK(problem == "64: --metrics: \"9678\" is not ADDRESS:PORT such as 127.0.0.1:9678 or [::1]:9678, or unix:PATH");
}
