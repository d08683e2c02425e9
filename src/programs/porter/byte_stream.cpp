#include "programs/porter/byte_stream.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace porter::programs {

namespace {

bool is_socket(int descriptor)
{
    struct stat status{};
    return ::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

byte_stream::byte_stream(io_executor executor, int descriptor)
    : descriptor_(descriptor), is_socket_(is_socket(descriptor)), watcher_(executor, descriptor)
{}

task<bool> byte_stream::read(std::string& text, std::size_t limit, std::error_code& error)
{
    auto const before = text.size();
    text.resize(before + limit);
    auto const count = co_await read_some(asio::buffer(text.data() + before, limit), error);
    text.resize(before + count);
    co_return count > 0;
}

task<std::size_t> byte_stream::read_some(asio::mutable_buffer buffer, std::error_code& error)
{
    for (;;) {
        error.clear();
        if (!is_ready(POLLIN)) error = co_await watcher_.wait_readable();
        if (error) co_return 0;
        auto const count = ::read(descriptor_, buffer.data(), buffer.size());
        if (count >= 0) co_return static_cast<std::size_t>(count);
        if (errno == EINTR) continue;
        auto const read_error = errno;
        if (read_error == EAGAIN) {  // another process has read the input
            error = co_await watcher_.wait_readable();
        } else {
            error.assign(read_error, std::system_category());
        }
        if (error) co_return 0;
    }
}

task<void> byte_stream::write(std::string text, std::error_code& error)
{
    co_await write(asio::buffer(text), error);
}

task<void> byte_stream::write(asio::const_buffer bytes, std::error_code& error)
{
    for (;;) {
        bytes += write_ready(bytes, error);
        if (error || bytes.size() == 0) co_return;
        error = co_await watcher_.wait_writable();
        if (error) co_return;
    }
}

bool byte_stream::is_ready(short events) const
{
    ::pollfd ready{descriptor_, events, 0};
    return ::poll(&ready, 1, 0) > 0;
}

/// Writes what does not block: to a pipe that is ready, PIPE_BUF bytes at a time.
std::size_t byte_stream::write_ready(asio::const_buffer bytes, std::error_code& error)
{
    auto const* const data = static_cast<char const*>(bytes.data());
    std::size_t written = 0;
    error.clear();
    while (written < bytes.size()) {
        auto const rest = bytes.size() - written;
        bool const is_unlimited = is_socket_ || watcher_.is_always_ready();
        if (!is_unlimited && !is_ready(POLLOUT)) break;
        auto const count = is_socket_ ? ::send(descriptor_, data + written, rest, MSG_DONTWAIT | MSG_NOSIGNAL)
                                      : ::write(descriptor_, data + written,
                                                is_unlimited ? rest : std::min<std::size_t>(rest, PIPE_BUF));
        if (count >= 0) {
            written += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            error.assign(errno, std::system_category());
            break;
        }
    }
    return written;
}

}  // namespace porter::programs
