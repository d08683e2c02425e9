#include "tls/stream.hpp"

#include <optional>
#include <utility>

#include "tls/error.hpp"

namespace porter::detail::tls {
namespace {

/// Cancels a socket at a deadline. Shared with the timer's handler, which may run after the scope has ended.
struct deadline_guard {
    deadline_guard(stream& socket_, stream::time_point deadline)
        : socket(&socket_), timer(socket_.get_executor(), deadline)
    {}

    stream* socket;  // null: the scope has ended
    base::steady_timer timer;
    bool expired = false;
};

class deadline_guard_scope {
public:
    deadline_guard_scope(stream& socket, stream::time_point deadline)
        : guard_(std::make_shared<deadline_guard>(socket, deadline))
    {
        guard_->timer.async_wait([guard = guard_](base::error_code cancelled) {
            if (cancelled || guard->socket == nullptr) return;
            guard->expired = true;
            guard->socket->cancel();
        });
    }
    ~deadline_guard_scope()
    {
        guard_->socket = nullptr;
        guard_->timer.cancel();
    }
    deadline_guard_scope(deadline_guard_scope const&) = delete;
    deadline_guard_scope& operator=(deadline_guard_scope const&) = delete;

    bool expired() const noexcept { return guard_->expired; }

private:
    std::shared_ptr<deadline_guard> guard_;
};

/// Sets a value while this object lives.
class scoped_value {
public:
    scoped_value(std::optional<std::size_t>& target, std::size_t value) : target_(target) { target_ = value; }
    ~scoped_value() { target_.reset(); }
    scoped_value(scoped_value const&) = delete;
    scoped_value& operator=(scoped_value const&) = delete;

private:
    std::optional<std::size_t>& target_;
};

}  // namespace

task<base::error_code> stream::accept_tls(server_context const& context, time_point deadline)
{
    tls_ = std::make_unique<tls_state>(context);
    return handshake_until(deadline, {});
}

task<base::error_code> stream::accept_tls(server_context const& context, time_point deadline,
                                          handshake_threads& threads, std::string site)
{
    tls_ = std::make_unique<tls_state>(context);
    tls_->threads = &threads;
    return handshake_until(deadline, std::move(site));
}

task<result<peer_identity, base::error_code>> stream::connect_tls(client_context const& context,
                                                                  std::string const& host, time_point deadline)
{
    tls_ = std::make_unique<tls_state>(context, host);
    return connect_handshake(deadline);
}

task<result<peer_identity, base::error_code>> stream::connect_handshake(time_point deadline)
{
    auto const failed = co_await handshake_until(deadline, {});
    if (failed) co_return unexpected(failed);
    co_return tls_->engine.peer();
}

std::optional<agreement> stream::agreement() const
{
    if (!is_established()) return std::nullopt;
    return tls_->engine.agreement();
}

task<base::error_code> stream::handshake_until(time_point deadline, std::string site)
{
    deadline_guard_scope const limit{*this, deadline};
    auto failed = co_await handshake(site);
    tls_->threads = nullptr;
    if (failed && limit.expired()) failed = asio::error::timed_out;
    co_return failed;
}

task<base::error_code> stream::handshake(std::string const& site)
{
    base::error_code failed;
    non_blocking(true, failed);  // from now on this class waits before each operation of the socket
    if (failed) co_return failed;
    auto& engine = tls_->engine;
    for (bool first = true;; first = false) {
        auto cancels_before = tls_->cancels;
        auto const step = co_await run_step(site);
        if (!step || tls_->cancels != cancels_before) co_return asio::error::operation_aborted;
        auto const progress = *step;
        failed = co_await send_all();
        if (progress == engine::progress::failed) co_return engine.error();
        if (failed || progress == engine::progress::done) co_return failed;
        cancels_before = tls_->cancels;
        auto const [cancelled] = co_await async_wait(wait_read, base::use_tuple);
        if (cancelled) co_return cancelled;
        if (tls_->cancels != cancels_before) co_return asio::error::operation_aborted;
        if (first && has_plaintext_reply()) co_return errc::plaintext_reply;
        failed = receive_ready();
        if (failed) co_return failed;
    }
}

/// Only the processing of a ClientHello is worth another thread. None: it was cancelled before.
task<std::optional<engine::progress>> stream::run_step(std::string const& site)
{
    auto& engine = tls_->engine;
    if (tls_->threads == nullptr || !engine.has_client_hello()) co_return engine.handshake();
    scoped_value const snapshot{tls_->lent_capacity, engine.bytes().capacity()};
    auto const progress = co_await tls_->threads->run_step(engine, site);
    co_return progress;
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

std::size_t stream::try_read_some(asio::mutable_buffer buffer, base::error_code& error)
{
    if (!tls_) return base::tcp_socket::read_some(buffer, error);
    error = asio::error::would_block;
    return 0;
}

std::size_t stream::buffered() const noexcept
{
    if (!tls_) return 0;
    return tls_->lent_capacity ? *tls_->lent_capacity : tls_->engine.bytes().capacity();
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
    base::error_code ignored;  // nothing was pending
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

std::optional<stream::outcome> stream::read(asio::mutable_buffer buffer, bool& waited, base::error_code failed)
{
    auto& engine = tls_->engine;
    if (!failed && waited) failed = receive_ready();
    if (failed) return outcome{failed};
    waited = true;
    std::size_t size = 0;
    auto const progress = engine.read({static_cast<std::byte*>(buffer.data()), buffer.size()}, size);
    send_ready();  // replies of TLS itself; the next write sends the rest, or reports the error
    switch (progress) {
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

std::optional<stream::outcome> stream::write(asio::const_buffer plaintext, std::size_t& taken, base::error_code failed)
{
    auto& engine = tls_->engine;
    for (;;) {
        if (!failed) failed = send_ready();
        if (failed) return outcome{failed, taken};
        if (!engine.bytes().output().empty()) return std::nullopt;
        if (taken != 0 || plaintext.size() == 0) return outcome{{}, taken};
        auto const progress = engine.write({static_cast<std::byte const*>(plaintext.data()), plaintext.size()}, taken);
        if (progress == engine::progress::failed) return outcome{engine.error()};
    }
}

/// Sends as much output as the socket accepts without waiting.
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
        bytes.consume(size);
    }
}

/// Whether the input begins like a frame: its first byte is 0, which is not a type of TLS record (RFC 8446, 5.1).
bool stream::has_plaintext_reply()
{
    char first = 1;
    base::error_code error;
    auto const size = base::tcp_socket::receive(asio::buffer(&first, 1), message_peek, error);
    return !error && size == 1 && first == 0;
}

/// Reads the input that the socket has; none is not an error.
base::error_code stream::receive_ready()
{
    auto& bytes = tls_->engine.bytes();
    auto const space = bytes.free_space();
    base::error_code failed;
    auto const size = base::tcp_socket::receive(asio::buffer(space.data(), space.size()), 0, failed);
    bytes.commit(failed ? 0 : size);
    if (failed == asio::error::would_block || failed == asio::error::try_again) return {};
    if (failed == asio::error::eof) bytes.end_input();
    return failed == asio::error::eof ? base::error_code{} : failed;
}

}  // namespace porter::detail::tls
