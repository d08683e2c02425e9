#include "client/session_line.hpp"

#include "support/catch.hpp"

using porter::detail::base::secret;
using porter::detail::base::timestamp;
using porter::detail::client::format_session_line;
using porter::detail::client::parse_session_line;
using porter::detail::client::saved_session;
using namespace std::chrono_literals;

namespace {

saved_session alices()
{
    saved_session session;
    session.server.host = "localhost";
    session.server.port = 7678;
    session.name = "Alice Liddell";
    session.expires_at = timestamp{1'766'419'200s};
    session.token = secret{"prt_abc"};
    return session;
}

constexpr auto alices_line = "localhost 7678 plain - 1766419200 prt_abc Alice Liddell";

}  // namespace

TEST_CASE("a session is one line of plain fields with the name last")
{
    CHECK(format_session_line(alices()) == alices_line);
}

TEST_CASE("a line gives back the session that it was made from")
{
    auto const parsed = parse_session_line(alices_line);
    REQUIRE(parsed);
    CHECK(parsed->server == alices().server);
    CHECK(parsed->name == "Alice Liddell");
    CHECK(parsed->expires_at == alices().expires_at);
    CHECK(parsed->token.view() == "prt_abc");
}

TEST_CASE("what an editor or another system adds to a session's line is no part of it")
{
    std::string const line = GENERATE("localhost 7678 plain - 1766419200 prt_abc Alice Liddell\r",
                                      "\xef\xbb\xbflocalhost 7678 plain - 1766419200 prt_abc Alice Liddell",
                                      " \tlocalhost  7678\tplain - 1766419200 prt_abc  Alice Liddell \t");
    CAPTURE(line);
    auto const parsed = parse_session_line(line);
    REQUIRE(parsed);
    CHECK(parsed->server == alices().server);
    CHECK(parsed->name == "Alice Liddell");
    CHECK(parsed->token.view() == "prt_abc");
}

TEST_CASE("a line that is no session is explained without showing the token")
{
    std::string const line = GENERATE(
        "", " ", "localhost", "localhost 7678 plain - 1766419200 prt_abc", "localhost 7678 plain - 1766419200 prt_abc ",
        "localhost 0 plain - 1766419200 prt_abc Alice", "localhost 65536 plain - 1766419200 prt_abc Alice",
        "localhost 7678x plain - 1766419200 prt_abc Alice", "localhost -1 plain - 1766419200 prt_abc Alice",
        "localhost 7678 plain - soon prt_abc Alice", "localhost 7678 plain - -5 prt_abc Alice",
        "localhost 7678 plain - 99999999999999999999 prt_abc Alice",
        "localhost 7678 plain - 1766419200 prt_abc Al\x1bice", "\xff\xfe 7678 plain - 1766419200 prt_abc Alice");
    CAPTURE(line);
    auto const parsed = parse_session_line(line);
    REQUIRE_FALSE(parsed);
    CHECK_FALSE(parsed.error().empty());
    CHECK(parsed.error().find("prt_abc") == std::string::npos);
}

TEST_CASE("what a server made up to break the file gets no line")
{
    auto session = alices();
    SECTION("a name with a line feed")
    {
        session.name = "Alice\nevil 1 plain - 9 prt_x Bob";
    }
    SECTION("a name with a blank at its end")
    {
        session.name = "Alice ";
    }
    SECTION("a name with an escape")
    {
        session.name = "\x1b[2J";
    }
    SECTION("no name")
    {
        session.name.clear();
    }
    SECTION("a token with a space")
    {
        session.token = secret{"prt_ a"};
    }
    SECTION("an endless token")
    {
        session.token = secret{std::string(5000, 'a')};
    }
    SECTION("no token")
    {
        session.token = secret{};
    }
    SECTION("a host with a space")
    {
        session.server.host = "a b";
    }
    CHECK(format_session_line(session).empty());
}

TEST_CASE("a session of a server for which an authority vouches has the authority behind the key")
{
    std::string const authority = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    auto session = alices();
    session.server.transport = "tls";
    session.server.key = "SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg";
    session.server.authority = authority;
    auto const line = format_session_line(session);
    CHECK(line == "localhost 7678 tls SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg,authority=" + authority +
                      " 1766419200 prt_abc Alice Liddell");
    auto const parsed = parse_session_line(line);
    REQUIRE(parsed);
    CHECK(parsed->server == session.server);
    for (auto const* const bad : {",", ",authority=", ",authority=SHA256:short", ",else=1"}) {
        CHECK_FALSE(parse_session_line(std::string{"localhost 7678 tls -"} + bad + " 1766419200 prt_abc Alice"));
    }
}

TEST_CASE("a token is offered to the same key or to one for which the same authority vouches")
{
    using porter::detail::client::can_resume_at;
    using porter::detail::client::server_identity;
    server_identity const pinned{"localhost", 7678, "tls", "key", {}};
    server_identity const vouched{"localhost", 7678, "tls", "key", "authority"};
    server_identity const renewed{"localhost", 7678, "tls", "new key", "authority"};
    server_identity const repinned{"localhost", 7678, "tls", "new key", {}};
    server_identity const of_another{"localhost", 7678, "tls", "new key", "another"};
    CHECK(can_resume_at(vouched, renewed));
    CHECK(can_resume_at(vouched, pinned));
    CHECK(can_resume_at(pinned, vouched));
    CHECK_FALSE(can_resume_at(pinned, renewed));
    CHECK_FALSE(can_resume_at(pinned, repinned));
    CHECK_FALSE(can_resume_at(vouched, repinned));
    CHECK_FALSE(can_resume_at(vouched, of_another));
    auto const elsewhere = GENERATE(server_identity{"other", 7678, "tls", "key", "authority"},
                                    server_identity{"localhost", 7679, "tls", "key", "authority"},
                                    server_identity{"localhost", 7678, "plain", "key", "authority"});
    CHECK_FALSE(can_resume_at(vouched, elsewhere));
}
