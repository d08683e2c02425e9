#include "store/postgres/open_error.hpp"

#include "support/catch.hpp"

using namespace porter::detail::store::postgres;

namespace {

constexpr char const* prefix = "connection to server at \"127.0.0.1\", port 5432 failed: ";

open_error of(std::string const& message)
{
    return open_error_of((prefix + message).c_str());
}

}  // namespace

TEST_CASE("the message of a failed login has no code and no place")
{
    auto const error = of("FATAL:  28P01: password authentication failed for user \"node\"\nLOCATION:  auth.c:334\n");
    CHECK(error.text == prefix + std::string{"FATAL: password authentication failed for user \"node\""});
    CHECK(error.is_configuration);
}

TEST_CASE("a login or database or privilege that is wrong is one of the configuration")
{
    CHECK(of("FATAL:  28000: role \"x\" does not exist\n").is_configuration);
    CHECK(of("FATAL:  3D000: database \"x\" does not exist\n").is_configuration);
    CHECK(of("FATAL:  42501: permission denied\nDETAIL:  User does not have CONNECT privilege.\n").is_configuration);
}

TEST_CASE("an error of TLS or of an authentication is one of the configuration")
{
    for (auto const* message :
         {"SSL error: certificate verify failed\n", "root certificate file \"x\" does not exist\n",
          "server certificate for \"a\" does not match host name \"b\"\n",
          "server does not support SSL, but SSL was required\n",
          "channel binding required, but server authenticated client without channel binding\n",
          "fe_sendauth: no password supplied\n", "SSL error: tlsv1 alert unknown ca\n",
          "authentication method 10 not supported\n"}) {
        CHECK(of(message).is_configuration);
    }
}

TEST_CASE("an error that time may mend is none of the configuration")
{
    for (auto const* message :
         {"Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n",
          "FATAL:  57P03: the database system is starting up\nLOCATION:  x.c:1\n",
          "FATAL:  53300: sorry, too many clients already\n", "server closed the connection unexpectedly\n"}) {
        CHECK_FALSE(of(message).is_configuration);
    }
    CHECK(of("Connection refused\n\tIs it running?\n").text ==
          prefix + std::string{"Connection refused Is it running?"});
    CHECK(open_error_of(nullptr).text.empty());
    CHECK(open_error_of("one\ntwo\n").text == "one two");
}
