#include "programs/porter/byte_stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>

namespace porter::programs {

byte_stream::byte_stream(io_executor executor, int descriptor) : descriptor_(descriptor), ready_(executor, descriptor)
{}

task<bool> byte_stream::read(std::string& text, std::size_t most, std::error_code& error)
{
    auto const before = text.size();
    for (;;) {
        error = co_await ready_.to_read();
        if (error) co_return false;
        text.resize(before + most);
        auto const got = ::read(descriptor_, text.data() + before, most);
        auto const failed = errno;
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got >= 0) co_return got > 0;
        if (failed == EINTR || failed == EAGAIN) continue;
        error.assign(failed, std::system_category());
        co_return false;
    }
}

/// A pipe that is ready takes PIPE_BUF bytes without making the writer wait.
task<void> byte_stream::write(std::string text, std::error_code& error)
{
    for (std::string_view rest{text}; !rest.empty();) {
        error = co_await ready_.to_write();
        if (error) co_return;
        auto const most = ready_.always() ? rest.size() : std::min<std::size_t>(rest.size(), PIPE_BUF);
        auto const written = ::write(descriptor_, rest.data(), most);
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR && errno != EAGAIN) {
            error.assign(errno, std::system_category());
            co_return;
        }
    }
}

}  // namespace porter::programs
