// Promise S12 of SECURITY.md: the control socket serves its owner alone, and no peer keeps another one out.
#include "control/control_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/write.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "control/codec.hpp"
#include "control/control_client.hpp"
#include "porter/start_error.hpp"
#include "porter/testing/recording_log.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace porter::detail::control;
using porter::connection_info;
using porter::connection_phase;
using porter::start_errc;
using porter::start_error;
using porter::task;
using porter::testing::recording_log;
using porter::testing::run;
using porter::testing::temporary_folder;

/// Connections that exist in memory only.
class fake_connections final : public connections {
public:
    void add(std::uint64_t id, std::string const& address, std::string const& name)
    {
        connection_info info;
        info.id = id;
        info.address = address;
        info.name = name;
        info.phase = name.empty() ? connection_phase::opening : connection_phase::exchange;
        info.messages_in = 2;
        info.messages_out = 3;
        info.bytes_in = 20;
        info.bytes_out = 30;
        live_[id] = info;
    }

    std::vector<std::uint64_t> ids() const
    {
        std::vector<std::uint64_t> found;
        for (auto const& [id, info] : live_) found.push_back(id);
        return found;
    }

    task<std::vector<connection_info>> list(std::uint64_t after, std::size_t limit) override
    {
        largest_page = std::max(largest_page, limit);
        std::vector<connection_info> found;
        for (auto each = live_.upper_bound(after); each != live_.end() && found.size() < limit; ++each)
            found.push_back(each->second);
        co_return found;
    }
    task<server_sample> sample(connection_order order) override
    {
        orders.push_back(order);
        server_sample made;
        made.load.exchange = live_.size();
        made.selected = live_.size();
        for (auto const& [id, info] : live_) {
            if (made.rows.size() < order.limit) made.rows.push_back(info);
        }
        co_return made;
    }
    task<std::size_t> close(std::vector<std::uint64_t> ids, std::string reason) override
    {
        reasons.push_back(reason);
        std::size_t closed = 0;
        for (auto const id : ids) closed += live_.erase(id);
        co_return closed;
    }
    std::size_t count() const override { return live_.size(); }

    std::size_t largest_page = 0;
    std::vector<std::string> reasons;
    std::vector<connection_order> orders;

private:
    std::map<std::uint64_t, connection_info> live_;
};

struct fixture {
    explicit fixture(limits chosen = {}) { server = std::make_unique<control_server>(io, path(), live, log, chosen); }

    std::filesystem::path path() const { return folder.path() / "control.sock"; }

    /// Runs `work`, which blocks, on a thread of its own while the server serves.
    void serve(std::function<void()> const& work)
    {
        io.restart();
        std::exception_ptr thrown;
        auto const guard = asio::make_work_guard(io);
        std::jthread const thread{[&] {
            try {
                work();
            } catch (...) {
                thrown = std::current_exception();
            }
            io.stop();
        }};
        io.run();
        if (thrown) std::rethrow_exception(thrown);
    }

    /// A socket that is connected to the server, which need not run for that.
    local_socket connect()
    {
        local_socket socket{io.get_executor()};
        socket.connect(asio::local::stream_protocol::endpoint{path().string()});
        return socket;
    }

    temporary_folder folder;
    asio::io_context io{1};
    recording_log log;
    fake_connections live;
    std::unique_ptr<control_server> server;
};

/// The reply to raw bytes, or the error of the receive.
task<std::string> answer_to(local_socket& socket, std::string bytes)
{
    porter::detail::base::error_code error;
    co_await asio::async_write(socket.stream(), asio::buffer(bytes), porter::detail::base::into(error));
    auto const answer = co_await socket.receive_text(error);
    if (error) co_return error.message();
    co_return answer;
}

std::string framed(std::string const& payload)
{
    auto const size = static_cast<char>(payload.size());
    return std::string{"\0\0\0", 3} + size + payload;
}

start_errc code_of_start(asio::io_context& io, std::filesystem::path const& path, fake_connections& live,
                         recording_log& log)
{
    try {
        control_server const second{io, path, live, log};
    } catch (start_error const& error) {
        return error.code();
    }
    FAIL("the server has started");
    return {};
}

}  // namespace

TEST_CASE("a list comes in pages")
{
    limits small;
    small.page = 3;
    fixture tested{small};
    for (std::uint64_t id = 1; id <= 7; ++id) tested.live.add(id, "192.0.2.1", id == 2 ? "Alice" : "");
    std::vector<connection_row> rows;
    std::size_t pages = 0;
    tested.serve([&] {
        control_client client{tested.path()};
        for (bool is_last = false; !is_last; ++pages) {
            auto const got = client.ask(list_connections{rows.empty() ? 0 : rows.back().id});
            rows.insert(rows.end(), got.rows.begin(), got.rows.end());
            is_last = got.is_last;
            CHECK_FALSE(got.node.empty());
        }
    });
    CHECK(pages == 3);
    CHECK(tested.live.largest_page == 3);
    REQUIRE(rows.size() == 7);
    CHECK(rows[1].id == 2);
    CHECK(rows[1].account == "Alice");
    CHECK(rows[1].phase == connection_phase::exchange);
    CHECK(rows[1].messages == 5);
    CHECK(rows[1].bytes == 50);
    CHECK(rows[6].phase == connection_phase::opening);
}

TEST_CASE("an overview has the rows of the order that is asked for and no more than the limit")
{
    limits small;
    small.rows = 3;
    fixture tested{small};
    for (std::uint64_t id = 1; id <= 7; ++id) tested.live.add(id, "192.0.2.1", "Alice");
    overview few;
    overview most;
    tested.serve([&] {
        control_client client{tested.path()};
        few = client.ask(get_overview{sort_key::messages, true, 2, {}, {}});
        most = client.ask(get_overview{sort_key::id, false, 1000, "ALICE", "192.0.2.0/24"});
    });
    CHECK(few.rows.size() == 2);
    CHECK(few.rows.front().account == "Alice");
    CHECK(few.load.exchange == 7);
    CHECK_FALSE(few.version.empty());
    CHECK_FALSE(few.node.empty());
    CHECK(most.rows.size() == 3);
    CHECK(most.selected == 7);
    REQUIRE(tested.live.orders.size() == 2);
    CHECK(tested.live.orders[0].by == sort_key::messages);
    CHECK(tested.live.orders[0].is_descending);
    CHECK(tested.live.orders[0].folded_name.empty());
    CHECK_FALSE(tested.live.orders[0].network);
    CHECK(tested.live.orders[1].folded_name == "alice");
    REQUIRE(tested.live.orders[1].network);
    CHECK(tested.live.orders[1].network->text() == "192.0.2.0/24");
}

TEST_CASE("a reply is received in steps without blocking")
{
    fixture tested;
    control_client client{tested.path()};
    client.begin(get_overview{sort_key::id, false, 0, {}, {}});
    CHECK_FALSE(client.try_finish());  // the server does not run yet
    std::optional<reply> answer;
    tested.serve([&] {
        while (!answer) answer = client.try_finish();
    });
    CHECK(std::holds_alternative<overview>(*answer));
}

TEST_CASE("connections are closed by id or account or network and the log says by which user")
{
    limits small;
    small.page = 2;
    fixture tested{small};
    tested.live.add(1, "192.0.2.1", "Alice");
    tested.live.add(2, "192.0.2.2", "");
    tested.live.add(3, "198.51.100.1", "ALICE");
    tested.live.add(4, "2001:db8::1", "Bob");
    tested.live.add(5, "192.0.2.3", "Bob");
    std::vector<std::uint64_t> counts;
    tested.serve([&] {
        control_client client{tested.path()};
        for (auto const& one :
             {close_connections{selector::account, 0, "alice"}, close_connections{selector::network, 0, "192.0.2.0/24"},
              close_connections{selector::id, 4, {}}, close_connections{selector::id, 4, {}},
              close_connections{selector::account, 0, "a secret in the wrong place"}}) {
            counts.push_back(client.ask(one).count);
        }
    });
    CHECK(counts == std::vector<std::uint64_t>{2, 2, 1, 0, 0});
    CHECK(tested.live.ids().empty());
    CHECK(tested.live.reasons.front() == "closed by the administrator");
    auto const logged = tested.log.events("connections_closed");
    REQUIRE(logged.size() == 5);
    CHECK(logged[0].field("user") == std::to_string(::geteuid()));
    CHECK(logged[0].field("name") == "alice");
    CHECK(logged[0].field("count") == "2");
    CHECK(logged[1].field("network") == "192.0.2.0/24");
    CHECK(logged[2].field("connection") == "4");
    CHECK_FALSE(tested.log.mentions("secret"));
}

TEST_CASE("a network or name that is none is rejected")
{
    fixture tested;
    tested.live.add(1, "192.0.2.1", "Alice");
    auto const is_rejected = [](control_client& client, auto const& asked) {
        try {
            client.ask(asked);
            return false;
        } catch (control_error const& error) {
            return error.code() == control_errc::rejected;
        }
    };
    tested.serve([&] {
        control_client client{tested.path()};
        CHECK(is_rejected(client, close_connections{selector::network, 0, "192.0.2.1/24"}));
        CHECK(is_rejected(client, close_connections{selector::account, 0, "two  spaces"}));
        CHECK(is_rejected(client, get_overview{sort_key::id, false, 1, {}, "192.0.2.1/24"}));
        CHECK(is_rejected(client, get_overview{sort_key::id, false, 1, "two  spaces", {}}));
        CHECK(client.ask(ping{}).connections == 1);
    });
}

TEST_CASE("the socket is for its owner alone and is removed at the end")
{
    fixture tested;
    struct ::stat about{};
    REQUIRE(::lstat(tested.path().c_str(), &about) == 0);
    CHECK(S_ISSOCK(about.st_mode));
    CHECK((about.st_mode & 0777) == 0600);
    tested.server->stop();
    CHECK_FALSE(std::filesystem::exists(tested.path()));
    try {
        control_client const client{tested.path()};
        FAIL("it has connected");
    } catch (control_error const& error) {
        CHECK(error.code() == control_errc::unreachable);
        CHECK(error.what() == "no porterd runs with the data directory " + tested.folder.path().string() +
                                  " (--data-dir DIR names another one)");
    }
}

TEST_CASE("a stale socket is replaced and a live one or another file is an error")
{
    fixture tested;
    CHECK(code_of_start(tested.io, tested.path(), tested.live, tested.log) == start_errc::cannot_listen);
    tested.server.reset();

    int const stale = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    asio::local::stream_protocol::endpoint const address{tested.path().string()};
    REQUIRE(::bind(stale, static_cast<::sockaddr const*>(address.data()), static_cast<::socklen_t>(address.size())) ==
            0);
    ::close(stale);
    tested.server = std::make_unique<control_server>(tested.io, tested.path(), tested.live, tested.log);
    tested.serve([&] { CHECK(control_client{tested.path()}.ask(ping{}).connections == 0); });
    tested.server.reset();

    std::filesystem::create_directory(tested.path());
    CHECK(code_of_start(tested.io, tested.path(), tested.live, tested.log) == start_errc::cannot_create);
    CHECK(code_of_start(tested.io, tested.folder.path() / "none" / "control.sock", tested.live, tested.log) ==
          start_errc::cannot_create);
}

TEST_CASE("a path that is too long for a socket address works")
{
    temporary_folder const folder;
    auto const deep = folder.path() / std::string(100, 'a') / std::string(100, 'b');
    std::filesystem::create_directories(deep);
    asio::io_context io{1};
    recording_log log;
    fake_connections live;
    control_server server{io, deep / "control.sock", live, log};
    std::jthread const thread{[&] {
        CHECK(control_client{deep / "control.sock"}.ask(ping{}).connections == 0);
        io.stop();
    }};
    io.run();
    CHECK_THROWS_AS(control_client{deep / std::string(200, 'c')}, control_error);
}

TEST_CASE("anything but a request ends a peer and others are served")
{
    fixture tested;
    for (auto const& garbage : {std::string{"GET / HTTP/1.1\r\n\r\n"}, std::string(8, '\0'), std::string(8, '\xff'),
                                std::string{"\0\0\x10\x01", 4}}) {
        auto socket = tested.connect();
        CHECK(run(tested.io, answer_to(socket, garbage)) == "End of file");
    }
    auto socket = tested.connect();
    auto const answer = run(tested.io, answer_to(socket, framed("\x7f")));
    auto const decoded = decode_reply(porter::detail::base::as_bytes(answer));
    REQUIRE(decoded);
    CHECK(std::holds_alternative<rejected>(*decoded));
    tested.serve([&] { CHECK(control_client{tested.path()}.ask(ping{}).connections == 0); });
}

TEST_CASE("silent peers and slow ones lose their places to others")
{
    limits small;
    small.peers = 2;
    small.time = std::chrono::milliseconds{1};  // for the slow one
    fixture tested{small};
    for (std::uint64_t id = 1; id <= 5000; ++id) tested.live.add(id, "192.0.2.1", std::string(64, 'x'));
    auto silent = tested.connect();
    auto slow = tested.connect();
    for (int i = 0; i < 200; ++i) slow.queue(encode(request{list_connections{0}}));  // and reads nothing
    porter::detail::base::error_code ignored;
    slow.non_blocking(true);
    slow.stream().write_some(asio::buffer(slow.encoder().pending().data(), slow.encoder().pending().size()), ignored);
    auto waiting = tested.connect();
    auto const answer = run(tested.io, answer_to(waiting, framed(encode(request{ping{}}))));
    auto const decoded = decode_reply(porter::detail::base::as_bytes(answer));
    REQUIRE(decoded);
    CHECK(std::holds_alternative<pong>(*decoded));
}

TEST_CASE("a silent peer gives its place to the next")
{
    limits small;
    small.peers = 2;
    small.time = std::chrono::hours{1};
    fixture tested{small};
    std::vector<local_socket> silent;
    for (int i = 0; i < 5; ++i) silent.push_back(tested.connect());
    tested.serve([&] { CHECK(control_client{tested.path()}.ask(ping{}).connections == 0); });
}

TEST_CASE("a server that stops ends its peers and lets the context end")
{
    fixture tested;
    auto first = tested.connect();
    auto const stop = [](fixture& from, local_socket& socket) -> task<void> {
        auto const payload = encode(request{ping{}});
        co_await socket.send(payload);
        [[maybe_unused]] auto const answer = co_await socket.receive();
        from.server->stop();
        porter::detail::base::error_code error;
        [[maybe_unused]] auto const none = co_await socket.receive(error);
        CHECK(error == asio::error::eof);
    };
    run(tested.io, stop(tested, first));
    tested.io.restart();
    tested.io.run();  // returns: there is no work
    tested.server->stop();
}

TEST_CASE("a client reports a server that does not answer or says something else")
{
    temporary_folder const folder;
    auto const path = folder.path() / "control.sock";
    asio::io_context io;
    local_acceptor acceptor{io.get_executor(), path};
    auto const code_of = [](control_client& client) {
        try {
            client.ask(ping{});
        } catch (control_error const& error) {
            return error.code();
        }
        FAIL("it was answered");
        return control_errc{};
    };
    control_client unanswered{path, std::chrono::milliseconds{1}};
    CHECK(code_of(unanswered) == control_errc::unreachable);

    control_client confused{path};
    auto const answer_wrongly = [](local_acceptor& from) -> task<void> {
        porter::detail::base::error_code error;
        auto const first = co_await from.accept(error);  // that of `unanswered`
        auto second = co_await from.accept(error);
        [[maybe_unused]] auto const asked = co_await second.receive(error);  // unread bytes would reset it
        std::string const unknown = "\x7f";
        co_await second.send(unknown, error);
    };
    std::jthread const thread{[&] { run(io, answer_wrongly(acceptor)); }};
    CHECK(code_of(confused) == control_errc::protocol);
}
