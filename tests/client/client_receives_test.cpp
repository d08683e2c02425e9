// Receives that end without a message, and the verbs of sending.

#include "base/awaitable_operators.hpp"
#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace porter::detail::base::awaitable_operators;
using namespace std::chrono_literals;

namespace {

/// The script of a server in open access.
std::vector<step> open_script(std::vector<step> steps)
{
    std::vector<step> script{receive(kind::hello), send(open_welcome), send(open_granted)};
    for (auto& next : steps) script.push_back(std::move(next));
    script.push_back(receive(kind::closing));
    return script;
}

task<void> count_texts(client& conn, int& texts)
{
    for (;;) {
        auto text = co_await conn.receive_text();
        if (!text) co_return;
        ++texts;
    }
}

}  // namespace

TEST_CASE("a receive with a deadline times out and loses nothing")
{
    play(open_script({receive(kind::text), send(protocol::text{"late"})}), [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        auto none = co_await conn.receive_for(1ms);
        REQUIRE_FALSE(none);
        CHECK(none.error() == receive_errc::timed_out);
        auto at_once = co_await conn.receive_text_for(0s);
        REQUIRE_FALSE(at_once);
        CHECK(at_once.error() == receive_errc::timed_out);
        auto sent = co_await conn.send("go");
        CHECK(sent);
        auto late = co_await conn.receive_text_for(1min);
        REQUIRE(late);
        CHECK(*late == "late");
        co_await conn.close();
    });
}

TEST_CASE("a receive with a deadline returns the end of the connection")
{
    play({receive(kind::hello), send(open_welcome), send(open_granted), send(protocol::text{"bye"}),
          send(protocol::closing{10, "restart"})},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto last = co_await conn.receive_for(1min);
             REQUIRE(last);
             CHECK(last->body == "bye");
             auto end = co_await conn.receive_for(1min);
             REQUIRE_FALSE(end);
             CHECK(end.error() == receive_errc::ended);
             CHECK(conn.ended()->code == code::shutting_down);
         });
}

TEST_CASE("a deadline for a text holds over data messages")
{
    play(open_script({send(protocol::data{base::as_bytes(std::string_view{"x"})}), send(protocol::text{"a text"}),
                      send(protocol::data{base::as_bytes(std::string_view{"y"})})}),
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto text = co_await conn.receive_text_for(1min);
             REQUIRE(text);
             CHECK(*text == "a text");
             auto none = co_await conn.receive_text_for(50ms);
             REQUIRE_FALSE(none);
             CHECK(none.error() == receive_errc::timed_out);
             co_await conn.close();
         });
}

TEST_CASE("a receive without a deadline after one that timed out waits")
{
    play(open_script({receive(kind::text), send(protocol::text{"late"})}), [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        auto none = co_await conn.receive_for(1ms);
        CHECK_FALSE(none);
        conn.queue("go").value();
        auto late = co_await conn.receive();
        REQUIRE(late);
        CHECK(late->body == "late");
        co_await conn.close();
    });
}

TEST_CASE("a cancelled receive loses nothing")
{
    play(open_script({receive(kind::text), send(protocol::text{"one"}), send(protocol::text{"two"})}),
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto first_race = conn.receive_text() || yield(2);
             auto first = co_await std::move(first_race);
             CHECK(first.index() == 1);
             conn.queue("go").value();
             std::vector<std::string> received;
             while (received.size() < 2) {  // the other side of the || ends at any moment around an arrival
                 auto race = conn.receive_text() || yield(static_cast<int>(received.size()) + 1);
                 auto either = co_await std::move(race);
                 if (either.index() == 0) received.push_back(*std::get<0>(either));
             }
             CHECK(received == std::vector<std::string>{"one", "two"});
             co_await conn.close();
         });
}

TEST_CASE("a message that arrives when the receive is cancelled is kept")
{
    std::vector<step> script;
    for (int i = 0; i < 200; ++i) {
        script.push_back(receive(kind::text));
        script.push_back(send(protocol::text{std::to_string(i)}));
    }
    play(open_script(std::move(script)), [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        for (int i = 0; i < 200; ++i) {
            conn.queue("next").value();
            std::optional<std::string> text;
            for (int waits = i % 20; !text; ++waits) {
                auto race = conn.receive_text() || yield(waits);
                auto either = co_await std::move(race);
                if (either.index() == 0) text = std::get<0>(either);
            }
            CHECK(*text == std::to_string(i));
        }
        co_await conn.close();
    });
}

TEST_CASE("a second receive at the same time throws and the first goes on")
{
    play(open_script({receive(kind::text), send(protocol::text{"hi"})}), [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        int texts = 0;
        auto const executor = co_await asio::this_coro::executor;
        asio::co_spawn(executor, count_texts(conn, texts), [](std::exception_ptr failed) { CHECK_FALSE(failed); });
        co_await yield();
        bool thrown = false;
        try {
            auto const none = co_await conn.receive();
            CHECK_FALSE(none);
        } catch (std::logic_error const&) {
            thrown = true;
        }
        CHECK(thrown);
        conn.queue("go").value();
        while (texts == 0) co_await yield();
        co_await conn.close();
        co_await yield(2);
        CHECK(texts == 1);
    });
}

TEST_CASE("queued messages of every kind are sent in order")
{
    play(open_script(
             {receive(kind::text), receive(kind::data), receive(kind::text), receive(kind::data), receive(kind::text)}),
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             CHECK(conn.queue("one"));
             CHECK(conn.queue_data("two"));
             CHECK(conn.queue(message{message_kind::text, "three"}));
             message const four{message_kind::data, "four"};
             auto sent = co_await conn.send(four);
             CHECK(sent);
             CHECK(conn.queue("five"));
             auto flushed = co_await conn.flush();
             CHECK(flushed);
             co_await conn.close();
             CHECK(server.received().at(1).substr(1) == "one");
             CHECK(server.received().at(2).substr(1) == "two");
             CHECK(server.received().at(4).substr(1) == "four");
             CHECK(server.received().at(5).substr(1) == "five");
         });
}

TEST_CASE("a send copies the message before it is awaited")
{
    play(open_script({receive(kind::text)}), [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        std::string text = "before";
        auto sending = conn.send(text);
        text = "behind";
        auto sent = co_await std::move(sending);
        CHECK(sent);
        co_await conn.close();
        CHECK(server.received().at(1).substr(1) == "before");
    });
}

TEST_CASE("what cannot be sent is not queued")
{
    play(open_script({}), [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        CHECK(conn.queue("\xff").error().code == code::invalid_utf8);
        CHECK(conn.queue_data(std::string(4096, 'x')).error().code == code::frame_too_large);
        co_await conn.close();
        CHECK(conn.queue("late").error().cause == client_errc::closed);
        auto flushed = co_await conn.flush();
        CHECK_FALSE(flushed);
    });
}

TEST_CASE("a flush fails when the connection ends before all is written")
{
    play({receive(kind::hello), send(welcome(protocol::access_mode::open, {}, 1024 * 1024)), send(open_granted),
          receive(kind::text), reset()},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             for (int i = 0; i < 64; ++i) CHECK(conn.queue(std::string(1'000'000, 'x')));
             auto flushed = co_await conn.flush();
             REQUIRE_FALSE(flushed);
             CHECK(flushed.error().cause == client_errc::lost);
         });
}

TEST_CASE("a coroutine can wait for the end of the connection")
{
    play({receive(kind::hello), send(open_welcome), send(open_granted), receive(kind::text),
          send(protocol::closing{10, "restart"})},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto race = conn.closed() || yield(3);
             auto first = co_await std::move(race);
             CHECK(first.index() == 1);
             conn.queue("go").value();
             co_await conn.closed();
             REQUIRE(conn.ended() != nullptr);
             CHECK(conn.ended()->code == code::shutting_down);
         });
}
