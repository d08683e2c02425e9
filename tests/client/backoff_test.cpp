#include "client/backoff.hpp"

#include "support/catch.hpp"

using porter::client_errc;
using porter::client_error;
using porter::code;
using porter::detail::client::backoff;
using porter::detail::client::is_worth_retrying;
using namespace std::chrono_literals;

TEST_CASE("pauses double up to the longest")
{
    backoff pauses{[] { return 0.0; }};
    CHECK(pauses.next() == 500ms);
    CHECK(pauses.next() == 1s);
    CHECK(pauses.next() == 2s);
    for (int i = 0; i < 10; ++i) (void)pauses.next();
    CHECK(pauses.next() == backoff::longest / 2);
}

TEST_CASE("a pause is drawn from its upper half")
{
    backoff low{[] { return 0.0; }};
    backoff high{[] { return 0.999; }};
    CHECK(low.next() == 500ms);
    CHECK(high.next() == 999ms);
}

TEST_CASE("a pause is never shorter than the server asked for")
{
    backoff pauses{[] { return 0.0; }};
    CHECK(pauses.next(30s) == 30s);
    CHECK(pauses.next(1s) == 1s);
    CHECK(pauses.next(1s) == 2s);
}

TEST_CASE("after a good connection the pauses are short again")
{
    backoff pauses{[] { return 0.0; }};
    for (int i = 0; i < 5; ++i) (void)pauses.next();
    pauses.reset();
    CHECK(pauses.next() == 500ms);
}

TEST_CASE("the system's chance is from 0 to 1")
{
    for (int i = 0; i < 1000; ++i) {
        auto const chance = porter::detail::client::random_fraction();
        CHECK((chance >= 0.0 && chance < 1.0));
    }
}

TEST_CASE("a broken connection is worth another try")
{
    CHECK(is_worth_retrying({client_errc::lost, {}}));
    CHECK(is_worth_retrying({client_errc::unreachable, {}}));
    CHECK(is_worth_retrying({client_errc::timed_out, {}}));
}

TEST_CASE("a server's passing trouble is worth another try")
{
    auto const closed = GENERATE(code::shutting_down, code::server_full, code::timeout, code::slow_consumer,
                                 code::internal, code::busy, code::unavailable, code::throttled);
    CHECK(is_worth_retrying({client_errc::closed, {closed, ""}}));
}

TEST_CASE("what would fail again is not tried again")
{
    auto const closed = GENERATE(code::normal, code::protocol_error, code::frame_too_large, code::invalid_utf8,
                                 code::unsupported_version, code::unauthorized, code::idle, code::too_many_attempts,
                                 code::session_ended, code::tls_required, code::bad_credentials, code::invalid_token);
    CHECK_FALSE(is_worth_retrying({client_errc::closed, {closed, ""}}));
    CHECK_FALSE(is_worth_retrying({client_errc::protocol, {}}));
}
