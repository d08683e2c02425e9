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

result<channel, fault> channel::connect(route const& along)
{
    base::unique_fd socket{::socket(along.to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket) return unexpected(system_fault(fault::kind::machine, "cannot make a socket", system_error()));
    int const on = 1;  // frames are written whole: waiting gains nothing
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (along.from && ::bind(socket.get(), along.from->get(), along.from->size) != 0) {
        return unexpected(system_fault(fault::kind::machine, "cannot come from an address of its own", system_error()));
    }
    if (::connect(socket.get(), along.to.get(), along.to.size) != 0 && errno != EINPROGRESS) {
        auto const what = errno == EADDRNOTAVAIL ? fault::kind::machine : fault::kind::unreachable;
        return unexpected(system_fault(what, "cannot connect", system_error()));
    }
    channel made{std::move(socket)};
    made.connecting_ = true;
    if (along.secure) made.tls_ = std::make_unique<tls::engine>(*along.secure, along.host);
    return made;
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
        auto const went = tls_->handshake();
        if (auto const flushed = flush(); flushed.outcome != status::some) return flushed;
        if (went == progress::failed || went == progress::ended) return failed_tls();
        if (went == progress::done) break;
        if (auto const got = receive_ciphertext(); got.outcome != status::some) return got;
    }
    return {status::some, 0, {}};
}

transfer channel::read(std::span<std::byte> room)
{
    while (tls_) {
        std::size_t size = 0;
        auto const went = tls_->read(room, size);
        if (auto const flushed = flush(); flushed.outcome == status::failed) return flushed;
        if (went == progress::done) return {status::some, size, {}};
        if (went == progress::ended) return {status::ended, 0, {}};
        if (went == progress::failed) return failed_tls();
        if (auto const got = receive_ciphertext(); got.outcome != status::some) return got;
    }
    return receive(room);
}

transfer channel::write(base::bytes_view bytes)
{
    if (!tls_) return send(bytes);
    if (auto const flushed = flush(); flushed.outcome != status::some) return flushed;
    std::size_t size = 0;
    if (tls_->write(bytes, size) != progress::done) return failed_tls();
    auto flushed = flush();
    flushed.size = size;
    return flushed;
}

transfer channel::flush()
{
    while (is_stuck()) {
        auto const sent = send(tls_->bytes().output());
        tls_->bytes().consume(sent.size);
        if (sent.outcome != status::some) return {sent.outcome, 0, sent.error};
    }
    return {status::some, 0, {}};
}

/// some: there is something to decrypt, or to see that nothing will come.
transfer channel::receive_ciphertext()
{
    auto const got = receive(tls_->bytes().free_space());
    tls_->bytes().commit(got.size);
    if (got.outcome == status::ended) tls_->bytes().end_input();
    if (got.outcome == status::failed || (got.outcome == status::last && got.size == 0)) return got;
    return {status::some, got.size, {}};
}

transfer channel::failed_tls()
{
    auto const why = tls_->error();
    return {status::failed, 0, why ? why : system_error(ECONNRESET)};
}

transfer channel::receive(std::span<std::byte> room) noexcept
{
    for (;;) {
        auto const size = ::recv(number(), room.data(), room.size(), 0);
        if (size == 0) return {status::ended, 0, {}};
        // Less than there was room for is all that there was: the read that would say so is saved (epoll(7)).
        if (size > 0) {
            auto const got = static_cast<std::size_t>(size);
            return {got < room.size() ? status::last : status::some, got, {}};
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
            return {sent < bytes.size() ? status::last : status::some, sent, {}};
        }
        if (errno == EAGAIN) return {};
        if (errno != EINTR) return {status::failed, 0, system_error()};
    }
}

}  // namespace porter::detail::bench
