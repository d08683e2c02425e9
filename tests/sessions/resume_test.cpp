// Promise P5 of SECURITY.md.
#include "sessions/registry_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using namespace std::chrono_literals;
using detail::store::transport;
using std::chrono::days;
using testing::code_of;
using testing::registry_fixture;

TEST_CASE("a token that names no session is invalid")
{
    registry_fixture fixture;
    CHECK(code_of(fixture.resume(base::secret{})) == code::invalid_token);
    CHECK(code_of(fixture.resume(base::secret{"nonsense"})) == code::invalid_token);
    CHECK(code_of(fixture.resume(fixture.tokens.issue())) == code::invalid_token);
}

TEST_CASE("a session in use lives until its absolute end")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    for (int day = 1; day < 30; ++day) {
        fixture.clock.advance(days{1});
        REQUIRE(fixture.resume(opened->token()));
    }
    fixture.clock.advance(days{1} - 1s);
    CHECK(fixture.resume(opened->token()));
    fixture.clock.advance(1s);
    CHECK(code_of(fixture.resume(opened->token())) == code::invalid_token);
}

TEST_CASE("a session that is not used expires")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.clock.advance(days{7} - 1s);
    CHECK(fixture.resume(opened->token()));
    fixture.clock.advance(days{7} - 1s);
    CHECK(fixture.resume(opened->token()));
    fixture.clock.advance(days{7});
    CHECK(code_of(fixture.resume(opened->token())) == code::invalid_token);
}

TEST_CASE("resuming an expired session ends it in the store")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.clock.advance(days{7});
    CHECK_FALSE(fixture.resume(opened->token()));
    CHECK_FALSE(fixture.is_stored(*opened));
    CHECK(fixture.registry->has_ended(opened->id()));
}

TEST_CASE("a clock set back revives no session whose resume was denied")
{
    registry_fixture fixture;
    auto const idle = fixture.open(fixture.alice);
    fixture.clock.advance(days{8});
    CHECK_FALSE(fixture.resume(idle->token()));
    fixture.clock.set_back(days{8});
    CHECK(code_of(fixture.resume(idle->token())) == code::invalid_token);
}

TEST_CASE("a clock set back revives no session although the store could not end it")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.clock.advance(days{31});
    fixture.sessions.broken = {"end"};
    CHECK(code_of(fixture.resume(opened->token())) == code::invalid_token);
    CHECK(fixture.log.count("session_not_ended") == 1);
    fixture.sessions.broken = {};
    fixture.clock.set_back(days{31});
    CHECK(code_of(fixture.resume(opened->token())) == code::invalid_token);
}

TEST_CASE("a clock set back revives no session that was pruned")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.clock.advance(days{8});
    testing::run(fixture.io, fixture.registry->prune());
    fixture.clock.set_back(days{8});
    CHECK(code_of(fixture.resume(opened->token())) == code::invalid_token);
}

TEST_CASE("a session of a disabled account is invalid")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.sessions.disabled = true;
    CHECK(code_of(fixture.resume(opened->token())) == code::invalid_token);
}

TEST_CASE("a session opened over TLS and resumed in plaintext from another machine is revoked")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice, transport::tls);
    CHECK(code_of(fixture.resume(opened->token(), transport::plain)) == code::tls_required);
    CHECK_FALSE(fixture.is_stored(*opened));
    CHECK(code_of(fixture.resume(opened->token(), transport::tls)) == code::invalid_token);
}

TEST_CASE("a session opened over TLS and resumed in plaintext on loopback is denied and stays")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice, transport::tls);
    for (auto const* loopback : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
        CHECK(code_of(fixture.resume_from(loopback, opened->token(), transport::plain)) == code::tls_required);
    }
    CHECK(fixture.resume(opened->token(), transport::tls));
}

TEST_CASE("a session opened in plaintext may be resumed over TLS")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice, transport::plain);
    CHECK(fixture.resume(opened->token(), transport::tls));
    CHECK(fixture.resume(opened->token(), transport::plain));
}

TEST_CASE("when the store is unavailable a resume is unavailable and never invalid")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.sessions.broken = {"find"};
    CHECK(code_of(fixture.resume(opened->token())) == code::unavailable);
    CHECK(code_of(fixture.resume(fixture.tokens.issue())) == code::unavailable);
    fixture.sessions.broken = {};
    CHECK(fixture.resume(opened->token()));
}

// Promise P2.
TEST_CASE("invalid tokens count against the address and a valid one is accepted all the same")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    REQUIRE(opened);
    fixture.clock.advance(10min);  // since the accounts were made
    for (int i = 0; i < 20; ++i) CHECK(code_of(fixture.resume(base::secret{"prt_x"})) == code::invalid_token);
    auto const refused = fixture.resume(base::secret{"prt_x"});
    CHECK(code_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == std::chrono::minutes{10});
    CHECK(fixture.resume(opened->token()));
    CHECK(code_of(fixture.resume_from("192.0.2.8", base::secret{"prt_x"})) == code::invalid_token);
    fixture.attempts.broken = true;
    CHECK(code_of(fixture.resume(base::secret{"prt_x"})) == code::invalid_token);
}
