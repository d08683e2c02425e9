// Promise N12 of SECURITY.md: handshakes do not starve sessions.
#include "tls/handshake_threads.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"
#include "tls/contexts.hpp"
#include "tls/hello_gate.hpp"
#include "tls/stream.hpp"
#include "wire/pairs.hpp"

using namespace porter;
using namespace porter::testing;
namespace base = detail::base;
using tls::engine;
using tls::handshake_threads;
using outcome = std::optional<engine::progress>;
using outcomes = std::vector<outcome>;
using strings = std::vector<std::string>;

namespace {

void rethrow(std::exception_ptr error)
{
    if (error) std::rethrow_exception(error);
}

/// The server's side of a connection that has received a ClientHello.
struct server_with_hello {
    explicit server_with_hello(contexts const& sides) : session(sides.server)
    {
        engine client{sides.client, "localhost"};
        client.handshake();
        auto const hello = client.bytes().output();
        std::ranges::copy(hello, session.bytes().free_space().begin());
        session.bytes().commit(hello.size());
    }

    engine session;
};

/// ClientHellos of several sites. The gate blocks them until it is opened.
struct fixture {
    explicit fixture(std::size_t count = 1) { threads.emplace(count); }
    ~fixture() { gate.open(); }  // before the threads are joined

    task<void> run_step(engine& session, std::string site)
    {
        co_await asio::this_coro::throw_if_cancelled(false);
        auto const result = co_await threads->run_step(session, site);
        results.push_back(result);
        sites.push_back(site);
        thread = std::this_thread::get_id();
    }

    engine& begin(std::string const& site)
    {
        auto& session = servers.emplace_back(sides).session;
        asio::co_spawn(io, run_step(session, site),
                       asio::bind_cancellation_slot(signals.emplace_back().slot(), rethrow));
        io.restart();
        io.poll();
        return session;
    }

    std::deque<asio::cancellation_signal> signals;  // of the tasks
    asio::io_context io;
    contexts sides;
    hello_gate gate{sides.server};
    std::deque<server_with_hello> servers;
    std::optional<handshake_threads> threads;
    outcomes results;
    strings sites;
    std::thread::id thread;
};

}  // namespace

TEST_CASE("a ClientHello is processed on a niced thread and its task resumes on its own")
{
    fixture setup;
    std::array<char, 16> name{};
    int niceness = 0;
    setup.gate.on_arrival = [&] {
        pthread_getname_np(pthread_self(), name.data(), name.size());
        niceness = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
    };
    auto const& session = setup.begin("a");
    setup.gate.wait_for(1);
    setup.gate.open();
    setup.io.run();
    CHECK(setup.results == outcomes{engine::progress::wants_input});
    CHECK(setup.thread == std::this_thread::get_id());
    CHECK(std::string_view{name.data()} == "porter-tls");
    auto const own = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
    bool const is_niced = niceness > own || niceness == 19;
    CHECK(is_niced);
    CHECK_FALSE(session.bytes().output().empty());
}

TEST_CASE("sites are served round robin")
{
    fixture setup;
    setup.begin("a");
    setup.gate.wait_for(1);
    for (auto const* site : {"a", "a", "a", "b", "c", "b"}) setup.begin(site);
    CHECK(setup.threads->pending() == 6);
    setup.gate.open();
    setup.io.run();
    CHECK(setup.sites == strings{"a", "a", "b", "c", "a", "b", "a"});
    CHECK(setup.threads->pending() == 0);
}

TEST_CASE("as many ClientHellos are processed at once as there are threads")
{
    fixture setup{2};
    for (auto const* site : {"a", "b", "c"}) setup.begin(site);
    setup.gate.wait_for(2);
    CHECK(setup.threads->pending() == 1);
    setup.gate.open();
    setup.io.run();
    CHECK(setup.results.size() == 3);
}

TEST_CASE("a queued step can be withdrawn and a running one continues")
{
    fixture setup;
    auto const& running = setup.begin("a");
    setup.gate.wait_for(1);
    auto const& queued = setup.begin("b");
    setup.threads->withdraw(running);
    setup.threads->withdraw(queued);
    setup.threads->withdraw(queued);
    setup.io.restart();
    setup.io.poll();
    CHECK(setup.results == outcomes{std::nullopt});
    CHECK(setup.threads->pending() == 0);
    setup.gate.open();
    setup.io.run();
    CHECK(setup.results == outcomes{std::nullopt, engine::progress::wants_input});
    CHECK(setup.gate.arrivals() == 1);
}

TEST_CASE("the cancellation of a task withdraws its step")
{
    fixture setup{0};
    setup.begin("a");
    setup.signals.front().emit(asio::cancellation_type::terminal);
    setup.io.restart();
    setup.io.run();
    CHECK(setup.threads->pending() == 0);
    CHECK(setup.results == outcomes{std::nullopt});
}

TEST_CASE("queued steps are withdrawn when the threads end")
{
    fixture setup{0};
    for (auto const* site : {"a", "a", "b"}) setup.begin(site);
    setup.threads.reset();
    setup.io.restart();
    setup.io.run();
    CHECK(setup.results == outcomes{std::nullopt, std::nullopt, std::nullopt});
}

namespace {

/// A server's socket whose handshake waits for a thread, of which there are none.
struct waiting_stream {
    waiting_stream()
    {
        asio::co_spawn(io, keep_value(ends.right.connect_tls(sides.client, "localhost", later), identity), rethrow);
    }

    void accept(tls::stream::time_point deadline)
    {
        auto done = [this](std::exception_ptr defect) {
            rethrow(defect);
            ends.right.cancel();  // the client would wait for ever
        };
        asio::co_spawn(io, keep_value(ends.left.accept_tls(sides.server, deadline, threads, "a"), error), done);
    }

    tls::stream::time_point const later = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    asio::io_context io;
    contexts sides;
    porter::testing::pair<tls::stream> ends = tcp_pair<tls::stream>(io);
    handshake_threads threads{0};
    std::optional<base::error_code> error;
    std::optional<result<tls::peer_identity, base::error_code>> identity;  // for the client
};

}  // namespace

TEST_CASE("a handshake that waits for a thread is cancelled at once and its step is removed")
{
    waiting_stream setup;
    setup.accept(setup.later);
    while (setup.threads.pending() == 0) setup.io.run_one();
    CHECK(setup.ends.left.buffered() == tls::ciphertext::input_size);
    setup.ends.left.cancel();
    CHECK(setup.threads.pending() == 0);
    setup.io.run();
    CHECK(setup.error == asio::error::operation_aborted);
}

TEST_CASE("a handshake that waits for a thread times out")
{
    waiting_stream setup;
    setup.accept(std::chrono::steady_clock::now() + std::chrono::milliseconds{50});
    setup.io.run();
    CHECK(setup.error == asio::error::timed_out);
    CHECK(setup.threads.pending() == 0);
}
