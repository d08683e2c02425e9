#include "client/session_line.hpp"

#include "support/catch.hpp"

using porter::saved_session;
using porter::secret;
using porter::transport;
using porter::detail::client::format_session_line;
using porter::detail::client::parse_session_line;
using namespace std::chrono_literals;

namespace {

saved_session alice_session()
{
    saved_session session;
    session.server.host = "localhost";
    session.server.port = 7678;
    session.name = "Alice Liddell";
    session.expires_at = std::chrono::sys_seconds{1'766'419'200s};
    session.token = secret{"prt_abc"};
    return session;
}

constexpr auto alice_line = "localhost 7678 plain - 1766419200 prt_abc Alice Liddell";

}  // namespace

TEST_CASE("a session is written as one line of fields with the name last")
{
    CHECK(format_session_line(alice_session()) == alice_line);
}

TEST_CASE("a written line is parsed as the same session")
{
    auto const parsed = parse_session_line(alice_line);
    REQUIRE(parsed);
    CHECK(parsed->server == alice_session().server);
    CHECK(parsed->name == "Alice Liddell");
    CHECK(parsed->expires_at == alice_session().expires_at);
    CHECK(parsed->token.view() == "prt_abc");
}

TEST_CASE("a byte order mark and blanks and a CR around a session line are ignored")
{
    std::string const line = GENERATE("localhost 7678 plain - 1766419200 prt_abc Alice Liddell\r",
                                      "\xef\xbb\xbflocalhost 7678 plain - 1766419200 prt_abc Alice Liddell",
                                      " \tlocalhost  7678\tplain - 1766419200 prt_abc  Alice Liddell \t");
    CAPTURE(line);
    auto const parsed = parse_session_line(line);
    REQUIRE(parsed);
    CHECK(parsed->server == alice_session().server);
    CHECK(parsed->name == "Alice Liddell");
    CHECK(parsed->token.view() == "prt_abc");
}

TEST_CASE("the error of an invalid line does not contain the token")
{
    std::string const line = GENERATE(
        "", " ", "localhost", "localhost 7678 plain - 1766419200 prt_abc", "localhost 7678 plain - 1766419200 prt_abc ",
        "localhost 0 plain - 1766419200 prt_abc Alice", "localhost 65536 plain - 1766419200 prt_abc Alice",
        "localhost 7678x plain - 1766419200 prt_abc Alice", "localhost -1 plain - 1766419200 prt_abc Alice",
        "localhost 7678 plain - soon prt_abc Alice", "localhost 7678 plain - -5 prt_abc Alice",
        "localhost 7678 plain - 99999999999999999999 prt_abc Alice", "localhost 7678 quic - 1766419200 prt_abc Alice",
        "localhost 7678 plain - 1766419200 prt_abc Al\x1bice", "\xff\xfe 7678 plain - 1766419200 prt_abc Alice");
    CAPTURE(line);
    auto const parsed = parse_session_line(line);
    REQUIRE_FALSE(parsed);
    CHECK_FALSE(parsed.error().empty());
    CHECK(parsed.error().find("prt_abc") == std::string::npos);
}

TEST_CASE("a session that would break the file is not written")
{
    auto session = alice_session();
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
    SECTION("a key that would be read as none")
    {
        session.server.key = "-";
    }
    SECTION("a key that would be read as one with an authority")
    {
        session.server.key = "a,b";
    }
    SECTION("an authority that is no fingerprint")
    {
        session.server.authority = "SHA256:short";
    }
    CHECK(format_session_line(session).empty());
}

TEST_CASE("the line of a certified server has the authority after the key")
{
    std::string const authority = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    auto session = alice_session();
    session.server.transport = transport::tls;
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

TEST_CASE("a token may be sent to the same key or the same authority")
{
    using porter::can_resume_at;
    using porter::server_identity;
    server_identity const pinned{"localhost", 7678, transport::tls, "key", {}};
    server_identity const certified{"localhost", 7678, transport::tls, "key", "authority"};
    server_identity const renewed{"localhost", 7678, transport::tls, "new key", "authority"};
    server_identity const newly_pinned{"localhost", 7678, transport::tls, "new key", {}};
    server_identity const by_other_authority{"localhost", 7678, transport::tls, "new key", "another"};
    CHECK(can_resume_at(certified, renewed));
    CHECK(can_resume_at(certified, pinned));
    CHECK(can_resume_at(pinned, certified));
    CHECK_FALSE(can_resume_at(pinned, renewed));
    CHECK_FALSE(can_resume_at(pinned, newly_pinned));
    CHECK_FALSE(can_resume_at(certified, newly_pinned));
    CHECK_FALSE(can_resume_at(certified, by_other_authority));
    auto const other = GENERATE(server_identity{"other", 7678, transport::tls, "key", "authority"},
                                server_identity{"localhost", 7679, transport::tls, "key", "authority"},
                                server_identity{"localhost", 7678, transport::plain, "key", "authority"});
    CHECK_FALSE(can_resume_at(certified, other));
}
