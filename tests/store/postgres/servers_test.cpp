#include "store/postgres/servers.hpp"

#include <optional>

#include "store/postgres/fake_fixture.hpp"

using namespace porter::testing;
using porter::task;

namespace {

/// Connects once, while the scripts of the servers run.
class walk {
public:
    explicit walk(std::vector<fake::server const*> const& all, std::chrono::milliseconds host_timeout = fake::unhurried)
    {
        auto options = fake::options_of(all);
        options.host_timeout = host_timeout;
        servers.emplace(options);
    }

    task<void> connect(postgres::connection& conn)
    {
        auto const connected = co_await servers->connect(conn);
        error = connected ? std::string{} : connected.error().text;
    }

    std::optional<postgres::servers> servers;
    std::string error;
};

bool mentions(std::string const& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// Accepts and says nothing.
task<void> be_silent(fake::server& server)
{
    auto session = co_await server.accept();
    co_await session.wait_for_end();
}

task<void> be_primary(fake::server& server)
{
    auto session = co_await server.accept();
    co_await session.open();
}

task<void> be_standby(fake::server& server)
{
    auto session = co_await server.accept();
    co_await session.open(true);
    co_await session.wait_for_end();
}

task<void> be_read_only(fake::server& server)
{
    auto session = co_await server.accept();
    co_await session.open(false, true);
    co_await session.wait_for_end();
}

task<void> refuse_login(fake::server& server)
{
    auto session = co_await server.accept();
    auto const denial = fake::report('E', "FATAL", "53300", "sorry, too many clients already");
    co_await session.send(denial);
    co_await session.wait_for_end();
}

/// Runs both to their ends.
void run_both(asio::io_context& io, task<void> first, task<void> second)
{
    auto const both = [](task<void> one, task<void> other) -> task<void> {
        co_await (std::move(one) && std::move(other));
    };
    run(io, both(std::move(first), std::move(second)));
}

}  // namespace

TEST_CASE("a server that accepts and is silent is left for the next one")
{
    asio::io_context io;
    fake::server silent{io};
    fake::server primary{io};
    walk to{{&silent, &primary}, std::chrono::seconds{2}};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    auto const both = [&]() -> task<void> { co_await (be_silent(silent) && be_primary(primary)); };
    run_both(io, to.connect(conn), both());
    CHECK(to.error.empty());
    CHECK(conn.is_open());
    CHECK(to.servers->last_primary().name == primary.folder());
}

TEST_CASE("a standby and a read-only server are no primary")
{
    asio::io_context io;
    fake::server standby{io};
    fake::server read_only{io};
    walk to{{&standby, &read_only}};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    auto const both = [&]() -> task<void> { co_await (be_standby(standby) && be_read_only(read_only)); };
    run_both(io, to.connect(conn), both());
    CHECK(mentions(to.error, standby.folder() + ":5432: it is a standby"));
    CHECK(mentions(to.error, read_only.folder() + ":5432: it is read-only"));
    CHECK_FALSE(conn.is_open());
}

TEST_CASE("the last primary is tried first")
{
    asio::io_context io;
    fake::server standby{io};
    fake::server primary{io};
    walk to{{&standby, &primary}};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    auto const both = [&]() -> task<void> { co_await (be_standby(standby) && be_primary(primary)); };
    run_both(io, to.connect(conn), both());
    REQUIRE(to.error.empty());
    standby.close();
    run_both(io, to.connect(conn), be_primary(primary));
    CHECK(to.error.empty());
}

TEST_CASE("a server that is distrusted is tried last")
{
    asio::io_context io;
    fake::server former{io};
    fake::server next{io};
    walk to{{&former, &next}};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    run_both(io, to.connect(conn), be_primary(former));
    REQUIRE(to.error.empty());
    to.servers->distrust({0, "1"});
    run_both(io, to.connect(conn), be_primary(next));
    CHECK(to.error.empty());
    CHECK(to.servers->last_primary().name == next.folder());
    to.servers->prefer({0, "1"});
    run_both(io, to.connect(conn), be_primary(former));
    CHECK(to.servers->last_primary().name == former.folder());
}

TEST_CASE("the reason of a server that refuses the login is reported")
{
    asio::io_context io;
    fake::server full{io};
    walk to{{&full}};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    run_both(io, to.connect(conn), refuse_login(full));
    CHECK(mentions(to.error, "too many clients"));
    CHECK_FALSE(mentions(to.error, "\n"));
}

TEST_CASE("a server that is not there is reported")
{
    asio::io_context io;
    fake::server gone{io};
    walk to{{&gone}};
    gone.close();
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    run(io, to.connect(conn));
    CHECK(mentions(to.error, gone.folder()));
    CHECK_FALSE(mentions(to.error, "\n"));
}

TEST_CASE("a name that cannot be resolved is reported")
{
    asio::io_context io;
    postgres::options options{.address =
                                  postgres::address::parse("postgresql://nothing.invalid/porter?sslmode=verify-full")};
    options.host_timeout = std::chrono::milliseconds{50};
    postgres::servers servers{options};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    auto const connected = run(io, servers.connect(conn));
    REQUIRE_FALSE(connected);
    CHECK(mentions(connected.error().text, "nothing.invalid:5432: its name cannot be resolved"));
}
