#include "terminal/write.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace porter::detail::terminal {

std::error_code write_all(int file, std::string_view text)
{
    while (!text.empty()) {
        auto const written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return {errno, std::generic_category()};
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

bool is_terminal(int file) noexcept
{
    return ::isatty(file) == 1;
}

std::size_t columns_of(int file) noexcept
{
    struct ::winsize size{};
    bool const known = ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

}  // namespace porter::detail::terminal
