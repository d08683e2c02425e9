#include "terminal/write.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.hpp"

namespace porter::detail::terminal {

std::error_code write_all(int file, std::string_view text)
{
    return {base::write_whole(file, text), std::generic_category()};
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
