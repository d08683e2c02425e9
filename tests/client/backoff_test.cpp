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

TEST_CASE("a pause is random in the upper half of its span")
{
    backoff low{[] { return 0.0; }};
    backoff high{[] { return 0.999; }};
    CHECK(low.next() == 500ms);
    CHECK(high.next() == 999ms);
}

TEST_CASE("a pause is at least the server's retry_after")
{
    backoff pauses{[] { return 0.0; }};
    CHECK(pauses.next(30s) == 30s);
    CHECK(pauses.next(1s) == 1s);
    CHECK(pauses.next(1s) == 2s);
}

TEST_CASE("after a reset the pauses are short again")
{
    backoff pauses{[] { return 0.0; }};
    for (int i = 0; i < 5; ++i) (void)pauses.next();
    pauses.reset();
    CHECK(pauses.next() == 500ms);
}

TEST_CASE("a random fraction is in the range from 0 to 1")
{
    for (int i = 0; i < 1000; ++i) {
        auto const fraction = porter::detail::client::random_fraction();
        CHECK((fraction >= 0.0 && fraction < 1.0));
    }
}

TEST_CASE("a lost connection is worth retrying")
{
    CHECK(is_worth_retrying({client_errc::lost, {}}));
    CHECK(is_worth_retrying({client_errc::unreachable, {}}));
    CHECK(is_worth_retrying({client_errc::timed_out, {}}));
}

TEST_CASE("a temporary reason of the server is worth retrying")
{
    auto const reason = GENERATE(code::shutting_down, code::server_full, code::timeout, code::slow_consumer,
                                 code::internal, code::busy, code::unavailable, code::throttled);
    CHECK(is_worth_retrying({client_errc::closed, {reason, ""}}));
}

TEST_CASE("an error that would happen again is not worth retrying")
{
    auto const reason = GENERATE(code::normal, code::protocol_error, code::frame_too_large, code::invalid_utf8,
                                 code::unsupported_version, code::unauthorized, code::idle, code::too_many_attempts,
                                 code::session_ended, code::tls_required, code::bad_credentials, code::invalid_token);
    CHECK_FALSE(is_worth_retrying({client_errc::closed, {reason, ""}}));
    CHECK_FALSE(is_worth_retrying({client_errc::protocol, {}}));
}
