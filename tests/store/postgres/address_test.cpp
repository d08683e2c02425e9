#include "store/postgres/address.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "porter/start_error.hpp"
#include "support/catch.hpp"

using porter::start_errc;
using porter::start_error;
using porter::detail::store::postgres::address;
using porter::detail::store::postgres::connection_parameters;

namespace {

std::string value_of(connection_parameters const& parameters, std::string_view keyword)
{
    auto const found =
        std::find_if(parameters.begin(), parameters.end(), [&](auto const& each) { return each.first == keyword; });
    return found == parameters.end() ? "" : found->second;
}

std::string error_of(std::string const& text)
{
    try {
        address::parse(text);
        return {};
    } catch (start_error const& refused) {
        CHECK(refused.code() == start_errc::configuration);
        return refused.what();
    }
}

bool mentions(std::string const& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("only a text with the scheme is an address of a database")
{
    CHECK(address::is_address("postgresql://localhost/porter"));
    CHECK(address::is_address("postgres://localhost/porter"));
    CHECK(address::parse("postgres://localhost/porter").hosts().size() == 1);
    CHECK_FALSE(address::is_address("/var/lib/porter/porter.db"));
    CHECK_FALSE(address::is_address("postgresql.db"));
}

TEST_CASE("an address has one set of parameters for each host")
{
    auto const parsed = address::parse("postgresql://node@localhost:5433,127.0.0.2:5434,[::1]/porter");
    auto const hosts = parsed.hosts();
    REQUIRE(hosts.size() == 3);
    CHECK(hosts[0].text() == "localhost:5433");
    CHECK(hosts[1].text() == "127.0.0.2:5434");
    CHECK(hosts[2].text() == "[::1]:5432");
    auto const second = parsed.parameters(hosts[1], "127.0.0.2");
    CHECK(value_of(second, "host") == "127.0.0.2");
    CHECK(value_of(second, "hostaddr") == "127.0.0.2");
    CHECK(value_of(second, "port") == "5434");
    CHECK(value_of(second, "dbname") == "porter");
    CHECK(value_of(second, "user") == "node");
}

TEST_CASE("an address is shown without its parameters")
{
    auto const shown = [](std::string const& text) { return address::parse(text).text(); };
    CHECK(shown("postgresql://node@localhost,[::1]:5433/porter?sslcert=/secret&application_name=x") ==
          "postgresql://node@localhost:5432,[::1]:5433/porter");
    CHECK(shown("postgresql:///porter?host=/run/a") == "postgresql:///run/a:5432/porter");
}

TEST_CASE("one port holds for all hosts")
{
    auto const parsed = address::parse("postgresql:///porter?host=/run/a,/run/b&port=6000");
    REQUIRE(parsed.hosts().size() == 2);
    CHECK(parsed.hosts()[0].port == 6000);
    CHECK(parsed.hosts()[1].port == 6000);
    CHECK(mentions(error_of("postgresql:///porter?host=/run/a,/run/b&port=1,2,3"), "2 hosts and 3 ports"));
    CHECK(mentions(error_of("postgresql:///porter?host=/run/a&port=65536"), "a port is a number"));
}

TEST_CASE("a Unix socket is given by its folder")
{
    auto const parsed = address::parse("postgresql://%2Fvar%2Frun%2Fpostgresql/porter");
    REQUIRE(parsed.hosts().size() == 1);
    CHECK(parsed.hosts()[0].is_unix_socket());
    auto const parameters = parsed.parameters(parsed.hosts()[0], "");
    CHECK(value_of(parameters, "host") == "/var/run/postgresql");
    CHECK(value_of(parameters, "hostaddr").empty());
    CHECK(address::parse("postgresql:///porter").hosts()[0].is_unix_socket());
}

TEST_CASE("an address with a password is rejected and not repeated")
{
    auto const* const text =
        GENERATE("postgresql://node:secret@localhost/porter", "postgresql://localhost/porter?password=secret",
                 "postgresql://localhost/porter?sslpassword=secret");
    auto const error = error_of(text);
    CHECK(mentions(error, "PGPASSFILE"));
    CHECK_FALSE(mentions(error, "secret"));
}

TEST_CASE("a malformed address is rejected and not repeated")
{
    auto const* const text = GENERATE("postgresql://[::1/secret", "postgresql://localhost/porter?secret",
                                      "postgresql://localhost/porter?Secret1=1", "postgresql://%zzsecret/porter");
    auto const error = error_of(text);
    CHECK(mentions(error, "expected postgresql://"));
    CHECK_FALSE(mentions(error, "secret"));
    CHECK_FALSE(mentions(error, "Secret"));
}

TEST_CASE("a parameter that libpq does not have is named without its value")
{
    auto const error = error_of("postgresql://localhost/porter?sslmode=disable&non%73ense=hidden");
    CHECK(mentions(error, "no parameter nonsense"));
    CHECK_FALSE(mentions(error, "hidden"));
}

TEST_CASE("an address must not set what Porter sets")
{
    auto const* const keyword =
        GENERATE("hostaddr", "options", "target_session_attrs", "connect_timeout", "client_encoding", "replication");
    CHECK(mentions(error_of("postgresql://localhost/porter?" + std::string{keyword} + "=1"), keyword));
}

TEST_CASE("another machine must prove its name by its certificate")
{
    auto const* const parameter = GENERATE("", "?sslmode=require", "?sslmode=verify-ca", "?sslmode=disable");
    auto const error = error_of("postgresql://db1.example/porter" + std::string{parameter});
    CHECK(mentions(error, "db1.example:5432"));
    CHECK(mentions(error, "sslmode=verify-full"));
    CHECK(mentions(error_of("postgresql://localhost,192.0.2.7/porter"), "192.0.2.7:5432"));
    CHECK(error_of("postgresql://db1.example,db2.example/porter?sslmode=verify-full&sslrootcert=/ca.pem").empty());
}

TEST_CASE("a password is bound to the TLS channel of another machine unless a certificate replaces it")
{
    auto const remote = address::parse("postgresql://db1.example/porter?sslmode=verify-full");
    CHECK(value_of(remote.parameters(remote.hosts()[0], "192.0.2.7"), "channel_binding") == "require");
    auto const local = address::parse("postgresql://localhost/porter");
    CHECK(value_of(local.parameters(local.hosts()[0], "127.0.0.1"), "channel_binding").empty());
    auto const certified = address::parse("postgresql://db1.example/porter?sslmode=verify-full&sslcert=/node.pem");
    CHECK(value_of(certified.parameters(certified.hosts()[0], "192.0.2.7"), "channel_binding").empty());
}

TEST_CASE("what libpq takes from its environment decides about the channel like the URL")
{
    auto const* const variable = GENERATE("PGSSLCERT", "PGCHANNELBINDING");
    REQUIRE(setenv(variable, "disable", 1) == 0);
    auto const remote = address::parse("postgresql://db1.example/porter?sslmode=verify-full");
    unsetenv(variable);
    CHECK(value_of(remote.parameters(remote.hosts()[0], "192.0.2.7"), "channel_binding").empty());
}

TEST_CASE("only names that always mean this machine are loopback")
{
    using porter::detail::store::postgres::host;
    CHECK(host{"LOCALHOST", 5432}.is_loopback());
    CHECK(host{"db.localhost", 5432}.is_loopback());
    CHECK(host{"127.8.9.1", 5432}.is_loopback());
    CHECK(host{"::1", 5432}.is_loopback());
    CHECK_FALSE(host{"localhost.example", 5432}.is_loopback());
    CHECK_FALSE(host{"10.0.0.1", 5432}.is_loopback());
    CHECK_FALSE(host{"/run/postgresql", 5432}.is_loopback());
}
