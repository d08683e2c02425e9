#include "bench/channel.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace porter::rooms::bench {

result<channel, fault> channel::connect(place const& to, std::optional<place> const& source)
{
    descriptor socket{::socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket) return refuse(system_fault(fault::kind::machine, "cannot make a socket", errno));
    int const on = 1;  // frames are written whole: waiting gains nothing
    ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (source && ::bind(socket.number(), source->get(), source->size) != 0) {
        return refuse(system_fault(fault::kind::machine, "cannot come from an address of its own", errno));
    }
    if (::connect(socket.number(), to.get(), to.size) != 0 && errno != EINPROGRESS) {
        auto const what = errno == EADDRNOTAVAIL ? fault::kind::machine : fault::kind::unreachable;
        return refuse(system_fault(what, "cannot connect", errno));
    }
    return channel{std::move(socket)};
}

int channel::connected() const noexcept
{
    int error = 0;
    ::socklen_t size = sizeof error;
    if (::getsockopt(number(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
}

transfer channel::read(std::span<std::byte> room) noexcept
{
    for (;;) {
        auto const size = ::recv(number(), room.data(), room.size(), 0);
        if (size == 0) return {transfer::outcome::ended, 0, 0};
        // Less than there was room for is all that there was: the read that would say so is saved (epoll(7)).
        if (size > 0) {
            auto const got = static_cast<std::size_t>(size);
            return {got < room.size() ? transfer::outcome::last : transfer::outcome::some, got, 0};
        }
        if (errno == EAGAIN) return {};
        if (errno != EINTR) return {transfer::outcome::failed, 0, errno};
    }
}

transfer channel::write(base::bytes_view bytes) noexcept
{
    for (;;) {
        auto const size = ::send(number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size >= 0) {
            auto const sent = static_cast<std::size_t>(size);
            return {sent < bytes.size() ? transfer::outcome::last : transfer::outcome::some, sent, 0};
        }
        if (errno == EAGAIN) return {};
        if (errno != EINTR) return {transfer::outcome::failed, 0, errno};
    }
}

}  // namespace porter::rooms::bench
