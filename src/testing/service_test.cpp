#include "porter/testing/service_test.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "base/asio.hpp"
#include "base/bytes.hpp"
#include "identity/address.hpp"
#include "porter/frame.hpp"
#include "protocol/codec.hpp"

namespace porter::testing {

namespace base = detail::base;
namespace protocol = detail::protocol;
using std::chrono::steady_clock;

namespace {

/// One call of the service. Its members are guarded by service_test::impl::mutex, except `connection`, which only the
/// test's thread uses.
struct service_run {
    bool has_started = false;
    bool has_ended = false;
    std::exception_ptr thrown;
    std::uint64_t connection = 0;  // its number
};

/// The address of a client that has none: one of the network for benchmarks (RFC 2544).
std::string address_of(std::uint32_t client)
{
    auto const byte = [&](unsigned shift) { return std::to_string(client >> shift & 0xff); };
    return "198." + std::to_string(18 + (client >> 16 & 1)) + "." + byte(8) + "." + byte(0);
}

bool is_cancellation(std::exception_ptr const& thrown)
{
    try {
        std::rethrow_exception(thrown);
    } catch (std::system_error const& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

std::string describe(error const& reason)
{
    return std::string{name_of(reason.code)} + (reason.reason.empty() ? "" : ": " + reason.reason);
}

}  // namespace

struct service_test::impl {
    impl(service tested, server_options options)
        : handler(std::move(tested)),
          server(
              *io, [this](connection& client) { return run(take_pending(), client); }, std::move(options),
              testing::server::source::descriptors)
    {
        if (!handler) throw std::invalid_argument{"porter::testing::service_test: the handler is empty"};
    }

    /// The service with a record of its end, on the thread of its connection.
    task<void> run(std::shared_ptr<service_run> record, connection& client)
    {
        struct end_guard {
            ~end_guard()
            {
                test.change([this] { record.has_ended = true; });
            }
            impl& test;
            service_run& record;
        } const end{*this, *record};
        try {
            co_await handler(client);
        } catch (...) {
            change([&] { record->thrown = std::current_exception(); });
            throw;
        }
    }

    /// Changes a record, and wakes the test's thread.
    template <typename Change>
    void change(Change const& apply)
    {
        {
            std::lock_guard const lock{mutex};
            apply();
        }
        asio::post(*io, [] {});
    }

    std::shared_ptr<service_run> take_pending()
    {
        std::shared_ptr<service_run> record;
        change([&] {
            record = pending;
            record->has_started = true;
        });
        return record;
    }

    bool has_started(service_run const& record)
    {
        std::lock_guard const lock{mutex};
        return record.has_started;
    }
    bool has_ended(service_run const& record)
    {
        std::lock_guard const lock{mutex};
        return record.has_ended;
    }

    /// An exception that left a service and was not thrown to the test before; null: none.
    std::exception_ptr take_exception()
    {
        std::lock_guard const lock{mutex};
        for (auto const& each : runs) {
            if (each->thrown && is_defect(*each)) return std::exchange(each->thrown, nullptr);
        }
        return nullptr;
    }

    /// The server knows which cancellations are expected, at the end of a connection: it does not log these.
    bool is_defect(service_run const& record)
    {
        if (!is_cancellation(record.thrown)) return true;
        auto const number = std::to_string(record.connection);
        auto const defects = server.log().events("defect");
        return std::ranges::any_of(defects, [&](auto const& each) { return each.field("connection") == number; });
    }

    /// Runs the server until the condition holds. False: it took too long, or nothing is left to run.
    bool run_until(std::function<bool()> const& condition)
    {
        auto const deadline = steady_clock::now() + limit;
        while (!condition()) {
            if (io->stopped()) io->restart();
            if (io->run_one_until(deadline) == 0) return condition();
        }
        return true;
    }

    void run_ready()
    {
        auto const deadline = steady_clock::now() + limit;
        if (io->stopped()) io->restart();
        while (io->poll() != 0) {
            if (steady_clock::now() >= deadline) throw failure{"the service does not come to rest"};
        }
        if (auto const thrown = take_exception()) std::rethrow_exception(thrown);
    }

    void wait_until(std::function<bool()> const& condition, std::string_view what)
    {
        std::exception_ptr thrown;
        bool const has_come = run_until([&] {
            thrown = take_exception();
            return thrown || condition();
        });
        if (thrown) std::rethrow_exception(thrown);
        if (has_come) return;
        throw failure{"waited " + std::to_string(limit.count()) + " ms for " + std::string{what}};
    }

    std::shared_ptr<asio::io_context> io = std::make_shared<asio::io_context>();
    service handler;
    std::chrono::milliseconds limit{10'000};
    std::uint32_t clients = 0;
    int exceptions_in_flight = std::uncaught_exceptions();
    std::mutex mutex;
    std::shared_ptr<service_run> pending;  // of the client that connects
    std::vector<std::shared_ptr<service_run>> runs;
    testing::server server;
};

struct service_test::client::state {
    struct incoming {
        enum class kind_type { text, data, denial };

        kind_type kind;
        std::string body;
        error denial{};
    };

    state(impl& in, std::string name_, int descriptor)
        : io(in.io), test(in), name(std::move(name_)), socket(io->get_executor())
    {
        socket.assign(asio::local::stream_protocol{}, descriptor);
        socket.non_blocking(true);
    }

    /// hello, and the request of the server's access mode, until access is granted.
    void get_access()
    {
        auto const wanted = name;
        send(protocol::hello{protocol::version, "service_test"});
        wait([this] { return welcomed.has_value(); }, "the welcome");
        if (welcomed == access::identify && !is_known) send(protocol::identify{wanted});
        if (welcomed == access::authenticate) send(protocol::register_account{wanted, password});
        wait_for_access();
        if (!is_granted && inbox.front().denial.code == code::name_taken) {
            inbox.clear();
            send(protocol::login{wanted, password});
            wait_for_access();
        }
        if (!is_granted) throw failure{"access for " + wanted + " was denied: " + describe(inbox.front().denial)};
    }

    void wait_for_access()
    {
        wait([this] { return is_granted || !inbox.empty(); }, "access");
    }

    /// Waits for what the server sends.
    void wait(std::function<bool()> const& condition, std::string_view what)
    {
        auto const come_or_ended = [&] {
            read();
            return condition() || has_ended;
        };
        test.wait_until(come_or_ended, std::string{what} + " for " + name);
        if (condition()) return;
        throw failure{name + " waited for " + std::string{what} + ", but the connection has ended" +
                      (closing ? ": " + describe(*closing) : "")};
    }

    incoming next(incoming::kind_type expected, std::string_view what)
    {
        wait([this] { return !inbox.empty(); }, what);
        auto received = std::move(inbox.front());
        inbox.pop_front();
        if (received.kind == expected) return received;
        constexpr std::array<char const*, 3> names{"a text", "data", "a denial"};
        auto const content = received.kind == incoming::kind_type::denial ? describe(received.denial) : received.body;
        throw failure{name + " waited for " + std::string{what} + ", but received " +
                      names[static_cast<std::size_t>(received.kind)] + ": " + content};
    }

    template <typename Message>
    void queue(Message const& message)
    {
        output.compose([&](std::string& payload) { protocol::encode(message, payload); });
    }

    template <typename Message>
    void send(Message const& message)
    {
        queue(message);
        auto const is_written = [this] { return write(); };
        test.wait_until(is_written, "the service to read what " + name + " sent");
    }

    /// Writes what the socket takes. True: all, or the connection has ended.
    bool write()
    {
        while (!has_ended && !output.empty()) {
            auto const bytes = output.pending();
            std::error_code failed;
            auto const size = socket.write_some(asio::buffer(bytes.data(), bytes.size()), failed);
            if (failed == asio::error::would_block) {
                wake_when_ready(asio::socket_base::wait_write, is_waiting_to_write);
                return false;
            }
            if (failed) return true;  // the end is reported by a read
            output.consume(size);
        }
        return true;
    }

    /// Reads all that has arrived.
    void read()
    {
        while (!has_ended) {
            auto const space = input.prepare();
            std::error_code failed;
            auto const size = socket.read_some(asio::buffer(space.data(), space.size()), failed);
            input.commit(failed ? 0 : size);
            if (failed == asio::error::would_block) {
                return wake_when_ready(asio::socket_base::wait_read, is_waiting_to_read);
            }
            if (failed) return end();
            decode();
        }
    }

    void decode()
    {
        std::error_code invalid;
        while (auto const payload = input.next(invalid)) {
            auto const reply = protocol::decode_reply(*payload);
            if (!reply) throw failure{"the server sent a malformed message"};
            std::visit([this](auto const& message) { take(message); }, *reply);
        }
        if (invalid) throw failure{"the server sent a malformed frame: " + invalid.message()};
    }

    void take(protocol::text const& text) { inbox.push_back({incoming::kind_type::text, std::string{text.body}}); }
    void take(protocol::data const& data)
    {
        inbox.push_back({incoming::kind_type::data, std::string{base::as_text(data.body)}});
    }
    void take(protocol::denied const& denied)
    {
        error const reason{static_cast<code>(denied.code), std::string{denied.reason},
                           std::chrono::seconds{denied.retry_after}};
        inbox.push_back({incoming::kind_type::denial, {}, reason});
    }
    void take(protocol::ping const& ping)
    {
        queue(protocol::pong{ping.body});
        write();
    }
    void take(protocol::pong const&) { ++pongs; }
    void take(protocol::closing const& sent)
    {
        closing.emplace(static_cast<code>(sent.code), std::string{sent.reason});
    }
    void take(protocol::welcome const& welcome)
    {
        welcomed = static_cast<access>(welcome.access);
        is_known = !welcome.known_as.empty();
    }
    void take(protocol::granted const& granted)
    {
        is_granted = true;
        name = granted.name;
        session = granted.session_id;
    }
    void take(protocol::done const&) {}
    void take(protocol::sessions const&) {}

    /// A wait of the test returns when the socket is ready. The handler may run after this object has gone.
    void wake_when_ready(asio::socket_base::wait_type direction, std::shared_ptr<bool> const& is_waiting)
    {
        if (std::exchange(*is_waiting, true)) return;
        socket.async_wait(direction, [is_waiting](std::error_code const&) { *is_waiting = false; });
    }

    void end()
    {
        has_ended = true;
        std::error_code ignored;  // it is closed in any case
        socket.close(ignored);
    }

    /// The service learns at once that the client has gone, even when it does not receive.
    void wait_for_service()
    {
        test.server.check_timeouts();
        auto const has_returned = [this] {
            read();
            return has_ended && test.has_ended(*run);
        };
        test.wait_until(has_returned, "the service of " + name + " to return");
    }

    std::shared_ptr<asio::io_context> io;  // may outlive the test with this
    impl& test;
    std::shared_ptr<service_run> run;
    std::string name;
    std::uint64_t session = 0;
    asio::basic_stream_socket<asio::local::stream_protocol, io_executor> socket;
    std::shared_ptr<bool> is_waiting_to_read = std::make_shared<bool>(false);
    std::shared_ptr<bool> is_waiting_to_write = std::make_shared<bool>(false);
    frame_decoder input{17 * 1024 * 1024};  // above the largest max_frame
    frame_encoder output;
    std::deque<incoming> inbox;
    std::optional<access> welcomed;
    bool is_known = false;
    bool is_granted = false;
    std::size_t pongs = 0;
    std::optional<error> closing;
    bool has_ended = false;
};

service_test::service_test(service handler, server_options options)
    : impl_(std::make_unique<impl>(std::move(handler), std::move(options)))
{}

service_test::~service_test() noexcept(false)
{
    impl_->server.stop();
    bool const has_ended = impl_->run_until([this] { return impl_->server.connection_count() == 0; });
    if (!has_ended) std::fputs("porter::testing::service_test: a service does not return when it is stopped\n", stderr);
    auto const thrown = impl_->take_exception();
    if (thrown && std::uncaught_exceptions() == impl_->exceptions_in_flight) std::rethrow_exception(thrown);
}

service_test::client service_test::connect(std::string name, std::string address)
{
    if (address.empty()) address = address_of(++impl_->clients);
    if (!detail::identity::address::parse(address)) throw std::invalid_argument{"not an IP address: " + address};
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        throw std::system_error{errno, std::generic_category(), "socketpair"};
    }
    auto made = std::make_shared<client::state>(*impl_, std::move(name), ends[0]);
    made->run = std::make_shared<service_run>();
    {
        std::lock_guard const lock{impl_->mutex};
        impl_->pending = made->run;
        impl_->runs.push_back(made->run);
    }
    made->run->connection = impl_->server.adopt(ends[1], address);
    client connected{made};
    made->get_access();
    auto const has_started = [&] { return impl_->has_started(*made->run); };
    impl_->wait_until(has_started, "the service of " + made->name + " to start");
    return connected;
}

void service_test::wait_until(std::function<bool()> const& condition, std::string_view what)
{
    impl_->wait_until(condition, what);
}

void service_test::run_ready()
{
    impl_->run_ready();
}

void service_test::advance(std::chrono::seconds by)
{
    impl_->server.advance(by);
    run_ready();
}

std::chrono::milliseconds service_test::limit() const noexcept
{
    return impl_->limit;
}

void service_test::set_limit(std::chrono::milliseconds limit) noexcept
{
    impl_->limit = limit;
}

testing::server& service_test::server() noexcept
{
    return impl_->server;
}

asio::io_context& service_test::io() noexcept
{
    return *impl_->io;
}

service_test::client::client(std::shared_ptr<state> made) : state_(std::move(made)) {}

service_test::client::client(client&&) noexcept = default;

service_test::client& service_test::client::operator=(client&& other) noexcept
{
    if (state_ && state_ != other.state_) state_->end();
    state_ = std::move(other.state_);
    return *this;
}

service_test::client::~client()
{
    if (state_) state_->end();
}

std::string const& service_test::client::name() const noexcept
{
    return state_->name;
}

std::uint64_t service_test::client::session() const noexcept
{
    return state_->session;
}

void service_test::client::send(std::string_view text)
{
    state_->send(protocol::text{text});
}

void service_test::client::send_data(std::string_view bytes)
{
    state_->send(protocol::data{base::as_bytes(bytes)});
}

std::string service_test::client::receive()
{
    return state_->next(state::incoming::kind_type::text, "a text").body;
}

std::string service_test::client::receive_data()
{
    return state_->next(state::incoming::kind_type::data, "data").body;
}

error service_test::client::receive_denial()
{
    return state_->next(state::incoming::kind_type::denial, "a denial").denial;
}

bool service_test::client::has_message()
{
    state_->test.run_ready();
    state_->read();
    return !state_->inbox.empty();
}

void service_test::client::ping(std::string_view body)
{
    auto const before = state_->pongs;
    state_->send(protocol::ping{base::as_bytes(body)});
    state_->wait([&] { return state_->pongs != before; }, "the pong");
}

error service_test::client::receive_close()
{
    auto const has_ended = [this] {
        state_->read();
        return state_->has_ended;
    };
    state_->test.wait_until(has_ended, "the server to close the connection of " + state_->name);
    state_->inbox.clear();
    if (!state_->closing) throw failure{"the connection of " + state_->name + " has ended without a closing"};
    return *state_->closing;
}

void service_test::client::close()
{
    if (!state_->has_ended) {
        state_->send(protocol::closing{});
        std::error_code ignored;  // the server may have closed
        state_->socket.shutdown(asio::socket_base::shutdown_send, ignored);
    }
    state_->wait_for_service();
}

void service_test::client::drop()
{
    state_->end();
    state_->wait_for_service();
}

bool service_test::client::is_finished() const noexcept
{
    return state_->test.has_ended(*state_->run);
}

}  // namespace porter::testing
