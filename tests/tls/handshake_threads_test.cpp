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

/// The server's side of a connection whose ClientHello has come.
struct greeted_server {
    explicit greeted_server(contexts const& made) : session(made.server)
    {
        engine client{made.client, "localhost"};
        client.handshake();
        auto const hello = client.bytes().output();
        std::ranges::copy(hello, session.bytes().room().begin());
        session.bytes().commit(hello.size());
    }

    engine session;
};

/// ClientHellos of some sites, the first of which is being answered until the gate is open.
struct fixture {
    explicit fixture(std::size_t count = 1) { threads.emplace(count); }
    ~fixture() { gate.open(); }  // before the threads are waited for

    task<void> take_step(engine& session, std::string site)
    {
        co_await asio::this_coro::throw_if_cancelled(false);
        auto const got = co_await threads->take_step(session, site);
        results.push_back(got);
        sites.push_back(site);
        thread = std::this_thread::get_id();
    }

    engine& begin(std::string const& site)
    {
        auto& session = servers.emplace_back(made).session;
        asio::co_spawn(io, take_step(session, site),
                       asio::bind_cancellation_slot(signals.emplace_back().slot(), rethrow));
        io.restart();
        io.poll();
        return session;
    }

    std::deque<asio::cancellation_signal> signals;  // of the tasks
    asio::io_context io;
    contexts made;
    hello_gate gate{made.server};
    std::deque<greeted_server> servers;
    std::optional<handshake_threads> threads;
    outcomes results;
    strings sites;
    std::thread::id thread;
};

}  // namespace

TEST_CASE("a ClientHello is answered on a thread that stands back and its task goes on on its own")
{
    fixture here;
    std::array<char, 16> name{};
    int niceness = 0;
    here.gate.on_arrival = [&] {
        pthread_getname_np(pthread_self(), name.data(), name.size());
        niceness = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
    };
    auto const& session = here.begin("a");
    here.gate.wait_for(1);
    here.gate.open();
    here.io.run();
    CHECK(here.results == outcomes{engine::progress::wants_input});
    CHECK(here.thread == std::this_thread::get_id());
    CHECK(std::string_view{name.data()} == "porter-tls");
    auto const own = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
    bool const stands_back = niceness > own || niceness == 19;
    CHECK(stands_back);
    CHECK_FALSE(session.bytes().output().empty());
}

TEST_CASE("sites take turns whatever each has asked for")
{
    fixture here;
    here.begin("a");
    here.gate.wait_for(1);
    for (auto const* site : {"a", "a", "a", "b", "c", "b"}) here.begin(site);
    CHECK(here.threads->waiting() == 6);
    here.gate.open();
    here.io.run();
    CHECK(here.sites == strings{"a", "a", "b", "c", "a", "b", "a"});
    CHECK(here.threads->waiting() == 0);
}

TEST_CASE("as many ClientHellos are answered at once as there are threads")
{
    fixture here{2};
    for (auto const* site : {"a", "b", "c"}) here.begin(site);
    here.gate.wait_for(2);
    CHECK(here.threads->waiting() == 1);
    here.gate.open();
    here.io.run();
    CHECK(here.results.size() == 3);
}

TEST_CASE("a step that waits can be withdrawn and one that computes goes on")
{
    fixture here;
    auto const& computes = here.begin("a");
    here.gate.wait_for(1);
    auto const& waits = here.begin("b");
    here.threads->withdraw(computes);
    here.threads->withdraw(waits);
    here.threads->withdraw(waits);
    here.io.restart();
    here.io.poll();
    CHECK(here.results == outcomes{std::nullopt});
    CHECK(here.threads->waiting() == 0);
    here.gate.open();
    here.io.run();
    CHECK(here.results == outcomes{std::nullopt, engine::progress::wants_input});
    CHECK(here.gate.arrivals() == 1);
}

TEST_CASE("the cancellation of its task withdraws a step")
{
    fixture here{0};
    here.begin("a");
    here.signals.front().emit(asio::cancellation_type::terminal);
    here.io.restart();
    here.io.run();
    CHECK(here.threads->waiting() == 0);
    CHECK(here.results == outcomes{std::nullopt});
}

TEST_CASE("steps that wait when the threads end are withdrawn")
{
    fixture here{0};
    for (auto const* site : {"a", "a", "b"}) here.begin(site);
    here.threads.reset();
    here.io.restart();
    here.io.run();
    CHECK(here.results == outcomes{std::nullopt, std::nullopt, std::nullopt});
}

namespace {

/// A server's socket whose client's hello waits for a thread, of which there is none.
struct waiting_stream {
    waiting_stream()
    {
        asio::co_spawn(io, keep_value(ends.right.connect_tls(made.client, "localhost", later), met), rethrow);
    }

    void accept(tls::stream::time_point deadline)
    {
        auto done = [this](std::exception_ptr error) {
            rethrow(error);
            ends.right.cancel();  // the client has nothing to wait for
        };
        asio::co_spawn(io, keep_value(ends.left.accept_tls(made.server, deadline, threads, "a"), failed), done);
    }

    tls::stream::time_point const later = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    asio::io_context io;
    contexts made;
    porter::testing::pair<tls::stream> ends = tcp_pair<tls::stream>(io);
    handshake_threads threads{0};
    std::optional<base::error_code> failed;
    std::optional<result<tls::peer_identity, base::error_code>> met;  // by the client
};

}  // namespace

TEST_CASE("a handshake that waits for a thread is cancelled at once and leaves nothing behind")
{
    waiting_stream here;
    here.accept(here.later);
    while (here.threads.waiting() == 0) here.io.run_one();
    CHECK(here.ends.left.buffered() == tls::ciphertext::input_size);
    here.ends.left.cancel();
    CHECK(here.threads.waiting() == 0);
    here.io.run();
    CHECK(here.failed == asio::error::operation_aborted);
}

TEST_CASE("a handshake that waits for a thread is timed out")
{
    waiting_stream here;
    here.accept(std::chrono::steady_clock::now() + std::chrono::milliseconds{50});
    here.io.run();
    CHECK(here.failed == asio::error::timed_out);
    CHECK(here.threads.waiting() == 0);
}
