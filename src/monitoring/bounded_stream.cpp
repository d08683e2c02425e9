#include "monitoring/bounded_stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace porter::detail::monitoring {
namespace {

using std::chrono::steady_clock;

/// Input that finish() discards.
constexpr std::size_t max_discarded = 64 * 1024;

bool is_interrupted()
{
    return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace

ssize_t bounded_stream::read(char* to, size_t size)
{
    if (size_ == 0) {
        if (received_ >= max_request) return -1;
        auto const got = receive();
        if (got <= 0) return -1;
        received_ += static_cast<std::size_t>(got);
        begin_ = 0;
        size_ = static_cast<std::size_t>(got);
    }
    auto const taken = std::min(size, size_);
    std::memcpy(to, buffer_.data() + begin_, taken);
    begin_ += taken;
    size_ -= taken;
    return static_cast<ssize_t>(taken);
}

ssize_t bounded_stream::write(char const* from, size_t size)
{
    while (wait(POLLOUT)) {
        auto const sent = ::send(socket_, from, size, MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (!is_interrupted()) return -1;
    }
    return -1;
}

void bounded_stream::finish()
{
    ::shutdown(socket_, SHUT_WR);
    std::size_t discarded = 0;
    for (auto got = receive(); got > 0 && discarded < max_discarded; got = receive()) {
        discarded += static_cast<std::size_t>(got);
    }
}

/// False: the time is over, or the server stops.
bool bounded_stream::wait(short events) const
{
    for (;;) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(end_ - steady_clock::now());
        if (left.count() <= 0) return false;
        std::array<pollfd, 2> waiting{{{socket_, events, 0}, {stop_, POLLIN, 0}}};
        auto const ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
        if (ready < 0 && errno != EINTR) return false;
        if (ready > 0) return waiting[1].revents == 0;
    }
}

/// 0: the peer has ended its side; -1: an error, or the end of the time.
ssize_t bounded_stream::receive()
{
    while (wait(POLLIN)) {
        auto const got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
        if (got >= 0) return got;
        if (!is_interrupted()) return -1;
    }
    return -1;
}

}  // namespace porter::detail::monitoring
