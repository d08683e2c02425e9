#include "store/postgres/servers.hpp"

#include <functional>
#include <optional>

#include "store/postgres/fake_fixture.hpp"

using namespace porter::testing;
using porter::task;

namespace {

/// Connects once, while the scripts of the servers run.
class walk {
public:
    walk(asio::io_context& io, std::vector<fake::server const*> const& all,
         std::chrono::milliseconds host_timeout = fake::unhurried)
    {
        auto options = fake::options_of(all);
        options.host_timeout = host_timeout;
        servers.emplace(io.get_executor(), options);
    }

    task<void> connect(postgres::connection& conn)
    {
        auto const connected = co_await servers->connect(conn);
        error = connected ? std::string{} : connected.error().text;
    }

    task<void> find_other(postgres::connection& spare, postgres::primary known)
    {
        other = co_await servers->find_other_primary(spare, std::move(known));
    }

    std::optional<postgres::servers> servers;
    std::string error;
    std::optional<postgres::host> other;
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

/// Finds the address of this machine for each name, where no server listens at port 1.
struct name_server {
    postgres::servers::look_up_function look_up()
    {
        return [this](std::string name, std::uint16_t port, std::chrono::steady_clock::time_point /*deadline*/) {
            return find(std::move(name), port);
        };
    }

    task<postgres::servers::found_endpoints> find(std::string /*name*/, std::uint16_t port)
    {
        ++count;
        if (is_silent) {
            flag_at_end const end{is_given_up};
            auto const executor = co_await asio::this_coro::executor;
            asio::post(executor, meanwhile);
            porter::detail::base::condition_variable never{executor};
            for (;;) co_await never.wait();
        }
        if (error) co_return porter::unexpected(error);
        co_return postgres::servers::endpoints{{asio::ip::address_v4::loopback(), port}};
    }

    struct flag_at_end {
        bool& flag;
        ~flag_at_end() { flag = true; }
    };

    porter::detail::base::error_code error;
    bool is_silent = false;
    std::function<void()> meanwhile;  // called while it is silent
    bool is_given_up = false;
    int count = 0;
};

postgres::options two_names()
{
    auto const* const url = "postgresql://db1.example:1,db2.example:1/porter?user=node&sslmode=verify-full";
    return {.address = postgres::address::parse(url), .patience = fake::unhurried, .host_timeout = fake::unhurried};
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
    walk to{io, {&silent, &primary}, std::chrono::seconds{2}};
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
    walk to{io, {&standby, &read_only}};
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
    walk to{io, {&standby, &primary}};
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
    walk to{io, {&former, &next}};
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

TEST_CASE("another server that says that it is the primary is found")
{
    asio::io_context io;
    fake::server primary{io};
    fake::server standby{io};
    fake::server former{io};
    walk to{io, {&primary, &standby, &former}};
    postgres::connection spare{io.get_executor(), std::chrono::seconds{2}};
    auto const both = [&]() -> task<void> { co_await (be_standby(standby) && be_primary(former)); };
    run_both(io, to.find_other(spare, {0, "2"}), both());
    REQUIRE(to.other);
    CHECK(to.other->name == former.folder());
    CHECK_FALSE(spare.is_open());
}

TEST_CASE("a second name of the primary is no other server")
{
    asio::io_context io;
    fake::server primary{io};
    fake::server same{io};
    walk to{io, {&primary, &same}};
    postgres::connection spare{io.get_executor(), std::chrono::seconds{2}};
    run_both(io, to.find_other(spare, {0, "1"}), be_primary(same));
    CHECK_FALSE(to.other);
    CHECK_FALSE(spare.is_open());
}

TEST_CASE("the reason of a server that refuses the login is reported")
{
    asio::io_context io;
    fake::server full{io};
    walk to{io, {&full}};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    run_both(io, to.connect(conn), refuse_login(full));
    CHECK(mentions(to.error, "too many clients"));
    CHECK_FALSE(mentions(to.error, "\n"));
}

TEST_CASE("a server that is not there is reported")
{
    asio::io_context io;
    fake::server gone{io};
    walk to{io, {&gone}};
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
    postgres::servers servers{io.get_executor(), options};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    auto const connected = run(io, servers.connect(conn));
    REQUIRE_FALSE(connected);
    CHECK(mentions(connected.error().text, "nothing.invalid:5432: its name cannot be resolved"));
}

TEST_CASE("a name that cannot be looked up any more has its last addresses")
{
    asio::io_context io;
    name_server names;
    postgres::servers servers{io.get_executor(), two_names(), names.look_up()};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    auto const error = [&] { return run(io, servers.connect(conn)).error().text; };
    names.error = asio::error::host_not_found_try_again;
    CHECK(mentions(error(), "db1.example:1: its name cannot be resolved"));
    names.error = {};
    auto const refused = error();
    CHECK(mentions(refused, "\"127.0.0.1\", port 1 failed"));  // libpq's words for an address that it was given
    CHECK_FALSE(mentions(refused, "cannot be resolved"));
    CHECK(names.count == 4);
    names.error = asio::error::host_not_found_try_again;
    CHECK(error() == refused);
    CHECK(names.count == 6);
    CHECK(error() == refused);  // and nothing is looked up for a while
    CHECK(names.count == 6);
}

TEST_CASE("a stop ends a connection that waits for the address of a name and looks up no other")
{
    asio::io_context io;
    name_server silent;
    silent.is_silent = true;
    postgres::servers servers{io.get_executor(), two_names(), silent.look_up()};
    postgres::connection conn{io.get_executor(), std::chrono::seconds{2}};
    silent.meanwhile = [&] { servers.stop(); };
    auto const connected = run(io, servers.connect(conn));
    REQUIRE_FALSE(connected);
    CHECK(mentions(connected.error().text, "db2.example:1: not tried any more"));
    CHECK(silent.count == 1);
    CHECK(silent.is_given_up);
}
