#include "programs/porter/byte_stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>

namespace porter::programs {

byte_stream::byte_stream(io_executor executor, int descriptor) : descriptor_(descriptor), watcher_(executor, descriptor)
{}

task<bool> byte_stream::read(std::string& text, std::size_t limit, std::error_code& error)
{
    auto const before = text.size();
    for (;;) {
        error = co_await watcher_.wait_readable();
        if (error) co_return false;
        text.resize(before + limit);
        auto const count = ::read(descriptor_, text.data() + before, limit);
        auto const read_error = errno;
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count >= 0) co_return count > 0;
        if (read_error == EINTR || read_error == EAGAIN) continue;
        error.assign(read_error, std::system_category());
        co_return false;
    }
}

/// A write of PIPE_BUF bytes to a pipe that is ready does not block.
task<void> byte_stream::write(std::string text, std::error_code& error)
{
    for (std::string_view rest{text}; !rest.empty();) {
        error = co_await watcher_.wait_writable();
        if (error) co_return;
        auto const limit = watcher_.is_always_ready() ? rest.size() : std::min<std::size_t>(rest.size(), PIPE_BUF);
        auto const written = ::write(descriptor_, rest.data(), limit);
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR && errno != EAGAIN) {
            error.assign(errno, std::system_category());
            co_return;
        }
    }
}

}  // namespace porter::programs
