// The persistent client against scripted servers: connecting again, and the messages of several connections. For its
// access see persistent_client_access_test.cpp.

#include "base/awaitable_operators.hpp"
#include "client/persistent_client_fixture.hpp"

using namespace porter;
using namespace porter::testing;
using namespace porter::detail::base::awaitable_operators;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

/// A script of an open server that begins with access.
std::vector<step> open_script(std::vector<step> steps)
{
    std::vector<step> script{receive(kind::hello), send(open_welcome), send(open_granted)};
    for (auto& next : steps) script.push_back(std::move(next));
    return script;
}

/// Runs scripts, one for each connection, and a test with a persistent client.
template <typename Test>
void play_with(persistent_client_fixture& fixture, std::vector<std::vector<step>> scripts, Test test)
{
    asio::io_context io;
    scripted_server server{io, scripts.front()};
    for (std::size_t i = 1; i < scripts.size(); ++i) server.add(scripts[i]);
    auto const with_client = [&](scripted_server& running) -> task<void> {
        auto client = fixture.start(running, io.get_executor());
        co_await test(client);
    };
    play(server, io, with_client);
}

}  // namespace

TEST_CASE("a persistent client connects again after the connection was lost")
{
    persistent_client_fixture fixture;
    play_with(fixture,
              {open_script({receive(kind::text), send(protocol::text{"one"}), hang_up()}),
               open_script({receive(kind::text), send(protocol::text{"two"}), receive(kind::closing)})},
              [](persistent_client& client) -> task<void> {
                  CHECK(client.received_on() == 0);
                  auto first = co_await client.send("first");
                  REQUIRE(first);
                  CHECK(*first == 1);
                  auto one = co_await client.receive_text();
                  CHECK(one == "one");
                  CHECK(client.received_on() == 1);
                  while (client.state().connection < 2) co_await yield();
                  auto second = co_await client.send("second");
                  REQUIRE(second);
                  CHECK(*second == 2);
                  auto two = co_await client.receive_text();
                  CHECK(two == "two");
                  CHECK(client.received_on() == 2);
                  CHECK(client.ended() == nullptr);
                  co_await client.close();
                  REQUIRE(client.ended() != nullptr);
                  CHECK(client.ended()->code == code::normal);
              });
    CHECK(fixture.states ==
          strings{"connecting", "connected 1", "waiting 500", "connecting", "connected 2", "stopped normal"});
}

TEST_CASE("the state of a persistent client has the latest error and the pause at hand")
{
    persistent_client_fixture fixture;
    strings states;
    auto options = fixture.options();
    options.on_state = [&](client_state const& state) {
        std::string const error{state.error ? name_of(state.error->code) : "none"};
        states.push_back(std::to_string(state.pause.count()) + " " + error);
    };
    asio::io_context io;
    scripted_server server{io, {receive(kind::hello), send(protocol::closing{12, "full"})}};
    server.add(open_script({send(protocol::closing{0, "done"})}));
    play(server, io, [&](scripted_server& running) -> task<void> {
        auto client = fixture.start(running, io.get_executor(), options);
        co_await client.closed();
        CHECK(describe(*client.state().error) == describe(*client.ended()));
    });
    //                     connecting, waiting,         connecting,      connected, stopped
    CHECK(states == strings{"0 none", "500 server_full", "0 server_full", "0 none", "0 normal"});
}

TEST_CASE("a persistent client waits for the next connection while it receives")
{
    persistent_client_fixture fixture;
    play_with(fixture,
              {open_script({send(protocol::text{"one"}), send(protocol::closing{10, "restart"})}),
               {receive(kind::hello), send(protocol::closing{12, "full"})},
               open_script({send(protocol::text{"two"}), send(protocol::closing{0, "done"})})},
              [](persistent_client& client) -> task<void> {
                  strings received;
                  for (;;) {
                      auto text = co_await client.receive_text();
                      if (!text) break;
                      received.push_back(*text);
                  }
                  CHECK(received == strings{"one", "two"});
                  CHECK(client.received_on() == 2);
                  CHECK(client.ended()->code == code::normal);
                  auto none = co_await client.receive();
                  CHECK_FALSE(none);
                  auto ended = co_await client.receive_for(1min);
                  REQUIRE_FALSE(ended);
                  CHECK(ended.error() == receive_errc::ended);
              });
    CHECK(fixture.states == strings{"connecting", "connected 1", "waiting 500", "connecting", "waiting 1000",
                                    "connecting", "connected 2", "stopped normal"});
}

TEST_CASE("messages that arrived before a connection was lost are received first")
{
    persistent_client_fixture fixture;
    play_with(fixture,
              {open_script({receive(kind::text), send(protocol::text{"one"}), send(protocol::text{"two"}), hang_up()}),
               open_script({send(protocol::text{"three"}), receive(kind::closing)})},
              [](persistent_client& client) -> task<void> {
                  auto none = co_await client.receive_text_for(1ms);
                  CHECK_FALSE(none);
                  auto sent = co_await client.send("go");
                  CHECK(sent);
                  while (client.state().connection < 2) co_await yield();
                  strings received;
                  std::vector<std::uint64_t> numbers;
                  while (received.size() < 3) {
                      auto text = co_await client.receive_text();
                      REQUIRE(text);
                      received.push_back(*text);
                      numbers.push_back(client.received_on());
                  }
                  CHECK(received == strings{"one", "two", "three"});
                  CHECK(numbers == std::vector<std::uint64_t>{1, 1, 2});
                  co_await client.close();
              });
}

TEST_CASE("a received message stays valid when the next connection begins")
{
    persistent_client_fixture fixture;
    play_with(fixture,
              {open_script({send(protocol::text{"a text that is not short, so that it is on the heap"}), hang_up()}),
               open_script({receive(kind::closing)})},
              [](persistent_client& client) -> task<void> {
                  auto received = co_await client.receive();
                  REQUIRE(received);
                  while (client.state().connection < 2) co_await yield();
                  CHECK(received->body == "a text that is not short, so that it is on the heap");
                  co_await client.close();
              });
}

TEST_CASE("a message waits for the connection and is sent once")
{
    persistent_client_fixture fixture;
    play_with(fixture,
              {{receive(kind::hello), send(protocol::closing{12, "full"})},
               open_script({receive(kind::text), receive(kind::data), receive(kind::text), receive(kind::closing)})},
              [](persistent_client& client) -> task<void> {
                  std::string text = "before";
                  auto sending = client.send(text);
                  text = "behind";
                  auto sent = co_await std::move(sending);
                  REQUIRE(sent);
                  CHECK(*sent == 1);
                  auto data = co_await client.send_data("data");
                  CHECK(data);
                  message const echo{message_kind::text, "echo"};
                  auto third = co_await client.send(echo);
                  CHECK(third);
                  co_await client.close();
              });
}

TEST_CASE("a message that cannot be sent is an error and the client goes on")
{
    persistent_client_fixture fixture;
    play_with(fixture, {open_script({receive(kind::text), receive(kind::closing)})},
              [](persistent_client& client) -> task<void> {
                  auto invalid = co_await client.send("\xff");
                  REQUIRE_FALSE(invalid);
                  CHECK(invalid.error().cause == client_errc::not_sent);
                  CHECK(client.ended() == nullptr);
                  auto sent = co_await client.send("valid");
                  CHECK(sent);
                  co_await client.close();
              });
}

TEST_CASE("a message is not sent again when its connection is lost")
{
    persistent_client_fixture fixture;
    auto const large = welcome(protocol::access_mode::open, {}, 16 * 1024 * 1024);
    play_with(fixture,
              {{receive(kind::hello), send(large), send(open_granted), reset()},
               open_script({receive(kind::text), receive(kind::closing)})},
              [](persistent_client& client) -> task<void> {
                  auto conn = co_await client.connected();
                  REQUIRE(conn);
                  auto lost = co_await client.send(std::string(16'000'000, 'x'));
                  if (!lost) CHECK(lost.error().cause == client_errc::lost);
                  CHECK(client.ended() == nullptr);
                  while (client.state().connection < 2) co_await yield();
                  auto sent = co_await client.send("again");
                  REQUIRE(sent);
                  CHECK(*sent == 2);
                  co_await client.close();
              });
}

TEST_CASE("a program of requests and replies has one connection after the other")
{
    persistent_client_fixture fixture;
    play_with(fixture,
              {open_script({receive(kind::text), hang_up()}),
               open_script({receive(kind::text), send(protocol::text{"reply"}), receive(kind::closing)})},
              [](persistent_client& client) -> task<void> {
                  int connections = 0;
                  std::optional<std::string> reply;
                  while (!reply) {
                      auto const conn = co_await client.connected();
                      REQUIRE(conn);
                      ++connections;
                      auto sent = co_await conn->send("request");
                      CHECK(sent);
                      reply = co_await conn->receive_text();
                  }
                  CHECK(*reply == "reply");
                  CHECK(connections == 2);
                  co_await client.close();
                  auto const none = co_await client.connected();
                  CHECK_FALSE(none);
              });
}

TEST_CASE("the pauses grow until a connection has lasted 30 s")
{
    persistent_client_fixture fixture;
    play_with(fixture,
              {open_script({hang_up()}), open_script({hang_up()}), open_script({receive(kind::text), hang_up()}),
               open_script({receive(kind::closing)})},
              [&](persistent_client& client) -> task<void> {
                  while (client.state().connection < 3) co_await yield();
                  fixture.steady += 30s;
                  auto sent = co_await client.send("go");
                  CHECK(sent);
                  while (client.state().connection < 4) co_await yield();
                  co_await client.close();
              });
    CHECK(fixture.pauses == std::vector<std::chrono::milliseconds>{500ms, 1s, 500ms});
}

TEST_CASE("a receive of a persistent client can be cancelled and timed and loses nothing")
{
    persistent_client_fixture fixture;
    play_with(fixture,
              {open_script({receive(kind::text), send(protocol::text{"one"}), hang_up()}),
               open_script({send(protocol::text{"two"}), receive(kind::closing)})},
              [](persistent_client& client) -> task<void> {
                  auto before = co_await client.receive_for(0s);
                  REQUIRE_FALSE(before);
                  CHECK(before.error() == receive_errc::timed_out);
                  auto sent = co_await client.send("go");
                  CHECK(sent);
                  strings received;
                  for (int waits = 0; received.size() < 2; waits = (waits + 1) % 5) {
                      auto race = client.receive_text() || yield(waits);
                      auto either = co_await std::move(race);
                      if (either.index() == 0) received.push_back(*std::get<0>(either));
                  }
                  CHECK(received == strings{"one", "two"});
                  co_await client.close();
              });
}

TEST_CASE("a second receive of a persistent client throws")
{
    persistent_client_fixture fixture;
    play_with(fixture, {open_script({receive(kind::closing)})}, [](persistent_client& client) -> task<void> {
        auto conn = co_await client.connected();
        bool thrown = false;
        auto const receive_twice = [&]() -> task<void> {
            try {
                co_await client.receive();
            } catch (std::logic_error const&) {
                thrown = true;
            }
        };
        auto race = client.receive() || receive_twice();
        auto either = co_await std::move(race);
        CHECK(either.index() == 1);
        CHECK(thrown);
        co_await client.close();
    });
}

TEST_CASE("a persistent client that waits or connects can be closed")
{
    persistent_client_fixture fixture;
    fixture.is_pausing = true;
    SECTION("it waits")
    {
        play_with(fixture, {{receive(kind::hello), send(protocol::closing{12, "full"})}},
                  [&](persistent_client& client) -> task<void> {
                      while (fixture.pauses.empty()) co_await yield();
                      co_await client.close();
                      CHECK(client.ended()->code == code::normal);
                  });
        CHECK(fixture.states == strings{"connecting", "waiting 500", "stopped normal"});
    }
    SECTION("it waits for the welcome")
    {
        play_with(fixture, {{receive(kind::hello), read_to_end()}}, [&](persistent_client& client) -> task<void> {
            for (int i = 0; i < 20; ++i) co_await yield();
            co_await client.close();
            CHECK(client.ended()->code == code::normal);
        });
        CHECK(fixture.states == strings{"connecting", "stopped normal"});
    }
}

TEST_CASE("closing a persistent client ends all that waits for it")
{
    persistent_client_fixture fixture;
    fixture.is_pausing = true;
    play_with(fixture, {{receive(kind::hello), send(protocol::closing{12, "full"})}},
              [&](persistent_client& client) -> task<void> {
                  while (fixture.pauses.empty()) co_await yield();
                  int ended = 0;
                  auto const executor = co_await asio::this_coro::executor;
                  auto const finished = [&](std::exception_ptr failed, auto const&...) {
                      CHECK_FALSE(failed);
                      ++ended;
                  };
                  asio::co_spawn(executor, client.receive(), finished);
                  asio::co_spawn(executor, client.send("text"), finished);
                  asio::co_spawn(executor, client.connected(), finished);
                  asio::co_spawn(executor, client.closed(), finished);
                  co_await yield();
                  co_await client.close();
                  while (ended < 4) co_await yield();
              });
}

TEST_CASE("destroying a persistent client drops the connection")
{
    persistent_client_fixture fixture;
    play_with(fixture, {open_script({receive_end()})}, [](persistent_client& client) -> task<void> {
        auto conn = co_await client.connected();
        CHECK(conn);
        auto moved = std::move(client);
        client = std::move(moved);
    });
    CHECK(fixture.states == strings{"connecting", "connected 1"});
}

TEST_CASE("destroying the io_context of a persistent client leaks nothing")
{
    persistent_client_fixture fixture;
    fixture.is_pausing = GENERATE(true, false);
    auto const steps = GENERATE(0, 1, 5, 20, 60);
    asio::io_context io;
    scripted_server server{io, open_script({receive(kind::text), hang_up()})};
    auto client = std::make_unique<persistent_client>(fixture.start(server, io.get_executor()));
    auto const use = [&]() -> task<void> {
        auto sent = co_await client->send("text");
        CHECK(sent);
        auto none = co_await client->receive();
        CHECK_FALSE(none);
    };
    auto const ignored = [](std::exception_ptr) {};
    asio::co_spawn(io, server.play(), ignored);
    asio::co_spawn(io, use(), ignored);
    for (int i = 0; i < steps && !io.stopped(); ++i) io.poll_one();
    client.reset();
}

TEST_CASE("destroying the io_context of a coroutine that has a persistent client leaks nothing")
{
    persistent_client_fixture fixture;
    fixture.is_pausing = GENERATE(true, false);
    auto const steps = GENERATE(0, 1, 5, 20, 60);
    asio::io_context io;
    scripted_server server{io, open_script({receive(kind::text), hang_up()})};
    auto const use = [&]() -> task<void> {
        auto client = fixture.start(server, io.get_executor());
        auto sent = co_await client.send("text");
        CHECK(sent);
        co_await client.closed();
    };
    auto const ignored = [](std::exception_ptr) {};
    asio::co_spawn(io, use(), ignored);
    asio::co_spawn(io, server.play(), ignored);
    for (int i = 0; i < steps && !io.stopped(); ++i) io.poll_one();
}
