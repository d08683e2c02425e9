#include "bench/channel.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace porter::detail::bench {

namespace {

using status = transfer::status;
using progress = tls::engine::progress;

std::error_code system_error(int number = errno)
{
    return {number, std::generic_category()};
}

}  // namespace

result<channel, fault> channel::connect(route const& route)
{
    base::unique_fd socket{::socket(route.to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket) return unexpected(system_fault(fault_kind::machine, "cannot create a socket", system_error()));
    int const on = 1;  // each write is a whole frame or more
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (route.from && ::bind(socket.get(), route.from->get(), route.from->size) != 0) {
        return unexpected(system_fault(fault_kind::machine, "cannot bind a source address", system_error()));
    }
    if (::connect(socket.get(), route.to.get(), route.to.size) != 0 && errno != EINPROGRESS) {
        auto const kind = errno == EADDRNOTAVAIL ? fault_kind::machine : fault_kind::unreachable;
        return unexpected(system_fault(kind, "cannot connect", system_error()));
    }
    channel connection{std::move(socket)};
    connection.connecting_ = true;
    if (route.tls) connection.tls_ = std::make_unique<tls::engine>(*route.tls, route.host);
    return connection;
}

transfer channel::open()
{
    if (std::exchange(connecting_, false)) {
        int error = 0;
        ::socklen_t size = sizeof error;
        if (::getsockopt(number(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
        if (error != 0) return {status::failed, 0, system_error(error)};
    }
    while (tls_ && !tls_->is_established()) {
        auto const step = tls_->handshake();
        if (auto const flushed = flush(); flushed.outcome != status::more) return flushed;
        if (step == progress::failed || step == progress::ended) return tls_failure();
        if (step == progress::done) break;
        if (auto const received = receive_ciphertext(); received.outcome != status::more) return received;
    }
    return {status::more, 0, {}};
}

transfer channel::read(std::span<std::byte> buffer)
{
    while (tls_) {
        std::size_t size = 0;
        auto const step = tls_->read(buffer, size);
        if (auto const flushed = flush(); flushed.outcome == status::failed) return flushed;
        if (step == progress::done) return {status::more, size, {}};
        if (step == progress::ended) return {status::ended, 0, {}};
        if (step == progress::failed) return tls_failure();
        if (auto const received = receive_ciphertext(); received.outcome != status::more) return received;
    }
    return receive(buffer);
}

transfer channel::write(base::bytes_view bytes)
{
    if (!tls_) return send(bytes);
    if (auto const flushed = flush(); flushed.outcome != status::more) return flushed;
    std::size_t size = 0;
    if (tls_->write(bytes, size) != progress::done) return tls_failure();
    auto flushed = flush();
    flushed.size = size;
    return flushed;
}

transfer channel::flush()
{
    while (has_output()) {
        auto const sent = send(tls_->bytes().output());
        tls_->bytes().consume(sent.size);
        if (sent.outcome != status::more) return {sent.outcome, 0, sent.error};
    }
    return {status::more, 0, {}};
}

/// more: the engine has new input, or knows that the input has ended.
transfer channel::receive_ciphertext()
{
    auto const received = receive(tls_->bytes().free_space());
    tls_->bytes().commit(received.size);
    if (received.outcome == status::ended) tls_->bytes().end_input();
    if (received.outcome == status::failed || (received.outcome == status::blocked && received.size == 0))
        return received;
    return {status::more, received.size, {}};
}

transfer channel::tls_failure()
{
    auto const error = tls_->error();
    return {status::failed, 0, error ? error : system_error(ECONNRESET)};
}

transfer channel::receive(std::span<std::byte> buffer) noexcept
{
    for (;;) {
        auto const size = ::recv(number(), buffer.data(), buffer.size(), 0);
        if (size == 0) return {status::ended, 0, {}};
        // A short read has drained the socket, so no further read is needed to find that out (epoll(7)).
        if (size > 0) {
            auto const received = static_cast<std::size_t>(size);
            return {received < buffer.size() ? status::blocked : status::more, received, {}};
        }
        if (errno == EAGAIN) return {};
        if (errno != EINTR) return {status::failed, 0, system_error()};
    }
}

transfer channel::send(base::bytes_view bytes) noexcept
{
    for (;;) {
        auto const size = ::send(number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size >= 0) {
            auto const sent = static_cast<std::size_t>(size);
            return {sent < bytes.size() ? status::blocked : status::more, sent, {}};
        }
        if (errno == EAGAIN) return {};
        if (errno != EINTR) return {status::failed, 0, system_error()};
    }
}

}  // namespace porter::detail::bench
