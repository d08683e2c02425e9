// What may be replaced in porter::server, and what it tells about its connections.

#include <algorithm>
#include <asio/write.hpp>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "porter/client.hpp"
#include "porter/server.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "porter/testing/server.hpp"
#include "support/catch.hpp"
#include "support/faulty_sessions.hpp"
#include "support/run.hpp"
#include "support/server_clients.hpp"
#include "support/temporary_folder.hpp"

using porter::code;
using porter::connection;
using porter::server_parts;
using porter::task;
using porter::testing::connected;
using porter::testing::ignore;
using porter::testing::run;
using porter::testing::test_options;

namespace {

task<porter::access_granted> registered(porter::server& server)
{
    auto alice = co_await connected(server);
    auto granted = co_await alice.register_account("Alice", "a horse on a staple");
    co_return *granted;
}

/// Parts without a file.
struct fixture {
    server_parts parts() { return {.logger = &log, .clock = &clock, .store = store.ports()}; }

    asio::io_context io;
    porter::testing::manual_clock clock;
    porter::testing::recording_log log;
    porter::testing::memory_store store;
};

}  // namespace

TEST_CASE("a server of replaced parts needs no file")
{
    fixture parts;
    porter::server const server{parts.io, test_options(), ignore, parts.parts()};
    CHECK(parts.log.count("started") == 1);
    CHECK(parts.log.count("listening") == 1);
}

TEST_CASE("a part that is not replaced needs its file")
{
    fixture parts;
    auto without_store = parts.parts();
    without_store.store.reset();
    CHECK_THROWS_AS((porter::server{parts.io, test_options(), ignore, without_store}), porter::start_error);

    porter::testing::temporary_folder const folder;
    auto options = test_options();
    options.data_dir = folder.path();
    porter::server const server{parts.io, options, ignore, without_store};
    CHECK(exists(folder.path() / "porter.db"));
    CHECK_FALSE(exists(folder.path() / "porterd.log"));
}

TEST_CASE("a server without a handler is rejected")
{
    fixture parts;
    CHECK_THROWS_AS((porter::server{parts.io, test_options(), porter::service{}, parts.parts()}),
                    std::invalid_argument);
}

TEST_CASE("the handler gets a client that connected before the io_context ran")
{
    fixture parts;
    bool was_called = false;
    auto const handler = [&](connection& client) {
        was_called = true;
        return ignore(client);
    };
    porter::server const server{parts.io, test_options(porter::access::open), handler, parts.parts()};
    asio::ip::tcp::socket early{parts.io};
    early.connect(server.local_endpoint());
    std::string const hello{"\0\0\0\4\1\1\0\0", 8};
    asio::write(early, asio::buffer(hello));
    while (!was_called) parts.io.run_one();
}

TEST_CASE("a callback gets the lines of a service")
{
    fixture parts;
    std::vector<std::string> lines;
    porter::callback_logger log{porter::log_level::info,
                                [&](porter::log_record const& record) { lines.push_back(porter::to_line(record)); }};
    auto replaced = parts.parts();
    replaced.logger = &log;
    auto const handler = [](connection& client) -> task<void> {
        client.log().info("arrived", {{"session", client.session()}, porter::log_field::quoted("name", "A\n")});
        client.log().debug("unseen");
        co_return;
    };
    porter::server server{parts.io, test_options(porter::access::open), handler, replaced};
    server.log().info("opened");
    server.reopen_log();  // does nothing
    run(parts.io, [](porter::server& tested) -> task<void> {
        auto alice = co_await connected(tested);
        auto const end = co_await alice.receive();
        CHECK_FALSE(end);
    }(server));
    auto const has_line = [&](std::string const& text) {
        return std::ranges::any_of(lines, [&](auto const& each) { return each.ends_with(text); });
    };
    CHECK(has_line(" info opened"));
    CHECK(has_line(" info arrived address=127.0.0.1 connection=1 session=0 name=\"A\\n\""));
    CHECK_FALSE(has_line("unseen"));
}

TEST_CASE("sessions are dated by the clock of the server")
{
    fixture parts;
    porter::server server{parts.io, test_options(), ignore, parts.parts()};
    CHECK(run(parts.io, registered(server)).expires_at == parts.clock.now() + std::chrono::days{30});
}

TEST_CASE("sessions are dated by the clock of the store if it has one")
{
    fixture parts;
    porter::testing::manual_clock shared;
    shared.advance(std::chrono::days{400});
    auto ports = parts.store.ports();
    ports.clock = &shared;
    auto replaced = parts.parts();
    replaced.store.reset();
    replaced.store.emplace(ports);
    porter::server server{parts.io, test_options(), ignore, replaced};
    auto const granted = run(parts.io, registered(server));
    CHECK(granted.expires_at == shared.now() + std::chrono::days{30});
    auto const found = run(parts.io, ports.accounts.find("alice"));
    REQUIRE(found);
    CHECK((*found)->created_at == shared.now());
}

TEST_CASE("a store that fails denies a request and keeps the server")
{
    fixture parts;
    auto const real = parts.store.ports();
    porter::testing::faulty_sessions sessions{real.sessions};
    sessions.broken.insert("open_first");
    auto replaced = parts.parts();
    replaced.store.reset();
    replaced.store.emplace(porter::store::ports{real.accounts, sessions, real.addresses, real.attempts});
    porter::server server{parts.io, test_options(), ignore, replaced};
    auto const try_twice = [](porter::server& tested, porter::testing::faulty_sessions& store) -> task<void> {
        auto alice = co_await connected(tested);
        auto denied = co_await alice.register_account("Alice", "a horse on a staple");
        REQUIRE_FALSE(denied);
        CHECK(denied.error().code == code::unavailable);
        store.broken.clear();
        auto granted = co_await alice.register_account("Alice", "a horse on a staple");
        CHECK(granted.has_value());
    };
    run(parts.io, try_twice(server, sessions));
}

TEST_CASE("a server lists its connections on all threads")
{
    fixture parts;
    auto options = test_options(porter::access::identify);
    options.threads = 2;
    std::atomic<std::size_t> seen_by_service = 0;
    porter::server* started = nullptr;
    auto const handler = [&](connection& client) -> task<void> {
        while (auto text = co_await client.receive_text()) {
            auto const all = co_await started->connections();
            seen_by_service = all.size();
            client.queue(std::to_string(started->connection_count()));
        }
    };
    porter::server server{parts.io, options, handler, parts.parts()};
    started = &server;
    auto const look = [](porter::server& tested, porter::timestamp now) -> task<void> {
        auto alice = co_await connected(tested);
        auto bob = co_await connected(tested);
        auto silent = co_await connected(tested);
        [[maybe_unused]] auto const renamed = co_await alice.identify("Alice");
        for (int i = 0; i < 2; ++i) {
            [[maybe_unused]] auto const sent = co_await alice.send("how many");
            [[maybe_unused]] auto const renamed_bob = co_await bob.identify("Bob");
            auto const count = co_await alice.receive_text();
            CHECK(count == "3");
        }
        auto const all = co_await tested.connections();
        REQUIRE(all.size() == 3);
        CHECK(all[0].name == "Alice");
        CHECK(all[0].has_access);
        CHECK(all[0].phase == porter::connection_phase::exchange);
        CHECK(all[0].auth_method == porter::auth_method::identify);
        CHECK(all[0].address == "127.0.0.1");
        CHECK_FALSE(all[0].is_tls);
        CHECK(all[0].session == 0);
        CHECK(all[0].since <= now);
        CHECK(all[0].messages_in == 4);   // hello, identify and two texts
        CHECK(all[0].messages_out == 4);  // welcome, granted and two texts
        CHECK(all[0].bytes_in > 4 * 5);
        CHECK(all[1].id == all[0].id + 1);
        CHECK_FALSE(all[2].has_access);
        CHECK(all[2].phase == porter::connection_phase::access);
        CHECK(all[2].name.empty());
    };
    run(parts.io, look(server, parts.clock.now()));
    CHECK(seen_by_service == 3);
}
