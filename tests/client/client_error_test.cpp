#include <set>

#include "porter/client.hpp"
#include "support/catch.hpp"

using porter::client_errc;
using porter::client_error;
using porter::code;

namespace {

constexpr client_errc every_cause[] = {
    client_errc::unreachable, client_errc::timed_out,      client_errc::lost,
    client_errc::closed,      client_errc::denied,         client_errc::protocol,
    client_errc::not_sent,    client_errc::unknown_server, client_errc::untrusted,
};

}  // namespace

TEST_CASE("every cause is an error code with a sentence of its own")
{
    std::set<std::string> sentences;
    for (auto const cause : every_cause) {
        std::error_code const error = cause;
        CHECK(error);
        CHECK(error == cause);
        CHECK(error.category() == porter::client_category());
        sentences.insert(error.message());
    }
    CHECK(sentences.size() == std::size(every_cause));
    CHECK(std::error_code(0, porter::client_category()) != client_errc::lost);
    CHECK(porter::client_category().name() == std::string{"porter.client"});
}

TEST_CASE("a connection that could not be made or was lost is not final")
{
    auto const cause = GENERATE(client_errc::unreachable, client_errc::timed_out, client_errc::lost);
    CHECK_FALSE(client_error{cause, {code::unavailable, ""}}.is_final());
}

TEST_CASE("a server that is not trusted or that violates the protocol is final")
{
    auto const cause =
        GENERATE(client_errc::protocol, client_errc::unknown_server, client_errc::untrusted, client_errc::not_sent);
    CHECK(client_error{cause, {code::unavailable, ""}}.is_final());
}

TEST_CASE("a denial or a closing is as final as its code")
{
    auto const cause = GENERATE(client_errc::denied, client_errc::closed);
    CHECK_FALSE(client_error{cause, {code::busy, ""}}.is_final());
    CHECK_FALSE(client_error{cause, {code::shutting_down, ""}}.is_final());
    CHECK(client_error{cause, {code::bad_credentials, ""}}.is_final());
    CHECK(client_error{cause, {code::session_ended, ""}}.is_final());
}
