#include "tls/stream.hpp"

#include <optional>
#include <utility>

#include "tls/error.hpp"

namespace porter::detail::tls {
namespace {

/// Cancels a socket at a time, unless it was called off before. The timer's handler may come late, so it shares this.
struct deadline_guard {
    deadline_guard(stream& socket_, stream::time_point when) : socket(&socket_), timer(socket_.get_executor(), when) {}

    stream* socket;
    base::steady_timer timer;
    bool rang = false;
};

class deadline_guard_scope {
public:
    deadline_guard_scope(stream& socket, stream::time_point when)
        : guard_(std::make_shared<deadline_guard>(socket, when))
    {
        guard_->timer.async_wait([alarm = guard_](base::error_code cancelled) {
            if (cancelled || alarm->socket == nullptr) return;
            alarm->rang = true;
            alarm->socket->cancel();
        });
    }
    ~deadline_guard_scope()
    {
        guard_->socket = nullptr;
        guard_->timer.cancel();
    }
    deadline_guard_scope(deadline_guard_scope const&) = delete;
    deadline_guard_scope& operator=(deadline_guard_scope const&) = delete;

    bool rang() const noexcept { return guard_->rang; }

private:
    std::shared_ptr<deadline_guard> guard_;
};

/// Sets a value for as long as it lives.
class lending {
public:
    lending(std::optional<std::size_t>& value, std::size_t held) : value_(value) { value_ = held; }
    ~lending() { value_.reset(); }
    lending(lending const&) = delete;
    lending& operator=(lending const&) = delete;

private:
    std::optional<std::size_t>& value_;
};

}  // namespace

task<base::error_code> stream::accept_tls(server_context const& context, time_point deadline)
{
    tls_ = std::make_unique<tls_state>(context);
    return shake_hands_until(deadline, {});
}

task<base::error_code> stream::accept_tls(server_context const& context, time_point deadline,
                                          handshake_threads& threads, std::string site)
{
    tls_ = std::make_unique<tls_state>(context);
    tls_->threads = &threads;
    return shake_hands_until(deadline, std::move(site));
}

task<result<peer_identity, base::error_code>> stream::connect_tls(client_context const& context,
                                                                  std::string const& host, time_point deadline)
{
    tls_ = std::make_unique<tls_state>(context, host);
    return tls_handshake(deadline);
}

task<result<peer_identity, base::error_code>> stream::tls_handshake(time_point deadline)
{
    auto const failed = co_await shake_hands_until(deadline, {});
    if (failed) co_return unexpected(failed);
    co_return tls_->engine.peer();
}

std::optional<agreement> stream::agreement() const
{
    if (!is_established()) return std::nullopt;
    return tls_->engine.agreement();
}

task<base::error_code> stream::shake_hands_until(time_point deadline, std::string site)
{
    deadline_guard_scope const limit{*this, deadline};
    auto failed = co_await shake_hands(site);
    tls_->threads = nullptr;
    if (failed && limit.rang()) failed = asio::error::timed_out;
    co_return failed;
}

task<base::error_code> stream::shake_hands(std::string const& site)
{
    base::error_code failed;
    non_blocking(true, failed);  // from here on the socket is only asked for what it has at once
    if (failed) co_return failed;
    auto& engine = tls_->engine;
    for (bool first = true;; first = false) {
        auto cancels_before = tls_->cancels;
        auto const step = co_await take_step(site);
        if (!step || tls_->cancels != cancels_before) co_return asio::error::operation_aborted;
        auto const got = *step;
        failed = co_await send_all();
        if (got == engine::progress::failed) co_return engine.error();
        if (failed || got == engine::progress::done) co_return failed;
        cancels_before = tls_->cancels;
        auto const [cancelled] = co_await async_wait(wait_read, base::use_tuple);
        if (cancelled) co_return cancelled;
        if (tls_->cancels != cancels_before) co_return asio::error::operation_aborted;
        if (first && is_answered_in_the_clear()) co_return errc::in_the_clear;
        failed = receive_ready();
        if (failed) co_return failed;
    }
}

/// What is not long to compute is not worth another thread. None: it was cancelled before.
task<std::optional<engine::progress>> stream::take_step(std::string const& site)
{
    auto& engine = tls_->engine;
    if (tls_->threads == nullptr || !engine.has_client_hello()) co_return engine.handshake();
    lending const lent{tls_->given_away, engine.bytes().capacity()};
    auto const got = co_await tls_->threads->take_step(engine, site);
    co_return got;
}

task<base::error_code> stream::send_all()
{
    auto& bytes = tls_->engine.bytes();
    for (;;) {
        auto const failed = send_ready();
        if (failed || bytes.output().empty()) co_return failed;
        auto const cancels_before = tls_->cancels;
        auto const [cancelled] = co_await async_wait(wait_write, base::use_tuple);
        if (cancelled) co_return cancelled;
        if (tls_->cancels != cancels_before) co_return asio::error::operation_aborted;
    }
}

std::size_t stream::try_write_some(asio::const_buffer bytes, base::error_code& error)
{
    if (!tls_) return base::tcp_socket::write_some(bytes, error);
    error = asio::error::would_block;
    return 0;
}

std::size_t stream::try_read_some(asio::mutable_buffer room, base::error_code& error)
{
    if (!tls_) return base::tcp_socket::read_some(room, error);
    error = asio::error::would_block;
    return 0;
}

std::size_t stream::buffered() const noexcept
{
    if (!tls_) return 0;
    return tls_->given_away ? *tls_->given_away : tls_->engine.bytes().capacity();
}

task<base::error_code> stream::end_sending()
{
    base::error_code failed;
    if (tls_) {
        tls_->engine.close();
        failed = co_await send_all();
    }
    if (!failed) shutdown(shutdown_send, failed);
    co_return failed;
}

void stream::cancel()
{
    base::error_code ignored;  // nothing was waiting
    cancel(ignored);
}

void stream::cancel(base::error_code& error)
{
    if (tls_) {
        ++tls_->cancels;
        if (tls_->threads != nullptr) tls_->threads->withdraw(tls_->engine);
    }
    base::tcp_socket::cancel(error);
}

std::optional<stream::outcome> stream::read(asio::mutable_buffer room, bool& waited, base::error_code failed)
{
    auto& engine = tls_->engine;
    if (!failed && waited) failed = receive_ready();
    if (failed) return outcome{failed};
    waited = true;
    std::size_t size = 0;
    auto const got = engine.read({static_cast<std::byte*>(room.data()), room.size()}, size);
    send_ready();  // what TLS says to what it read; what does not fit, or fails, is the next write's
    switch (got) {
        case engine::progress::done:
            return outcome{{}, size};
        case engine::progress::ended:
            return outcome{asio::error::eof};
        case engine::progress::failed:
            return outcome{engine.error()};
        case engine::progress::wants_input:
            break;
    }
    return std::nullopt;
}

std::optional<stream::outcome> stream::write(asio::const_buffer plain, std::size_t& taken, base::error_code failed)
{
    auto& engine = tls_->engine;
    for (;;) {
        if (!failed) failed = send_ready();
        if (failed) return outcome{failed, taken};
        if (!engine.bytes().output().empty()) return std::nullopt;
        if (taken != 0 || plain.size() == 0) return outcome{{}, taken};
        auto const got = engine.write({static_cast<std::byte const*>(plain.data()), plain.size()}, taken);
        if (got == engine::progress::failed) return outcome{engine.error()};
    }
}

/// Sends what the socket takes at once of what waits to be sent.
base::error_code stream::send_ready()
{
    auto& bytes = tls_->engine.bytes();
    for (;;) {
        auto const output = bytes.output();
        if (output.empty()) return {};
        base::error_code failed;
        auto const size = base::tcp_socket::send(asio::buffer(output.data(), output.size()), 0, failed);
        if (failed == asio::error::would_block || failed == asio::error::try_again) return {};
        if (failed) return failed;
        bytes.sent(size);
    }
}

/// Whether what came begins as a frame does, whose first byte is 0 and no type of a TLS record (RFC 8446, 5.1).
bool stream::is_answered_in_the_clear()
{
    char first = 1;
    base::error_code nothing;
    auto const size = base::tcp_socket::receive(asio::buffer(&first, 1), message_peek, nothing);
    return !nothing && size == 1 && first == 0;
}

/// Takes what the socket has at once; nothing is no error.
base::error_code stream::receive_ready()
{
    auto& bytes = tls_->engine.bytes();
    auto const room = bytes.room();
    base::error_code failed;
    auto const size = base::tcp_socket::receive(asio::buffer(room.data(), room.size()), 0, failed);
    bytes.commit(failed ? 0 : size);
    if (failed == asio::error::would_block || failed == asio::error::try_again) return {};
    if (failed == asio::error::eof) bytes.input_ended();
    return failed == asio::error::eof ? base::error_code{} : failed;
}

}  // namespace porter::detail::tls
