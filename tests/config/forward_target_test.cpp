#include "config/forward_target.hpp"

#include "config/fixtures.hpp"

using namespace porter::detail::config;

TEST_CASE("forward connects to a host and a port or to a UNIX socket")
{
    auto const target = forward_target::parse("db.example.org:5432");
    REQUIRE(target);
    CHECK(target->host == "db.example.org");
    CHECK(target->port == 5432);
    CHECK(target->path.empty());
    auto const v6 = forward_target::parse("[::1]:5432");
    REQUIRE(v6);
    CHECK(v6->host == "::1");
    CHECK(v6->port == 5432);
    auto const local = forward_target::parse("unix:/run/redis/redis:1.sock");
    REQUIRE(local);
    CHECK(local->host.empty());
    CHECK(local->path == "/run/redis/redis:1.sock");
}

TEST_CASE("a target of forward without a port or with a relative path is rejected")
{
    std::string const text = GENERATE("", "localhost", "localhost:", "localhost:0", "localhost:65536", "::1:5432",
                                      "[localhost]:80", ":80", "unix:", "unix:redis.sock");
    CHECK_FALSE(forward_target::parse(text));
    CHECK_FALSE(forward_target::parse("unix:/" + std::string(107, 'x')));
    CHECK(forward_target::parse("unix:/" + std::string(106, 'x')));
}

TEST_CASE("the value of the service forward is shown as it was given")
{
    for (std::string const text : {"forward:[::1]:5432", "forward:unix:/run/x.sock"}) {
        auto const options = options_of({"--service", text});
        CHECK(options.service.kind == service_kind::forward);
        CHECK(options.service.text() == text);
        CHECK(options.forward_identity == forward_identity::none);
    }
}

TEST_CASE("an identity for another service than forward is rejected")
{
    auto const options = options_of({"--service", "forward:localhost:1", "--forward-identity", "proxy-v2"});
    CHECK(options.forward_identity == forward_identity::proxy_v2);
    auto const problem = problem_of([] { options_of({"--forward-identity", "proxy-v2"}); });
    CHECK(problem == "78: --forward-identity: of no use without --service forward:...");
}
