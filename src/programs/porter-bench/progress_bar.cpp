#include "programs/porter-bench/progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace porter::programs {

progress_bar::progress_bar(bool shown) : shown_(shown && ::isatty(STDERR_FILENO) == 1) {}

void progress_bar::show(detail::bench::progress const& progress)
{
    if (!shown_) return;
    constexpr std::size_t length = 30;
    auto const full = static_cast<std::size_t>(progress.done * length);
    auto const bar = std::string(full, '#') + std::string(length - full, '.');
    fmt::print(stderr, "\r\033[K{} connections [{}] {:3.0f} % {:10.0f}/s", progress.connections, bar,
               progress.done * 100, progress.per_second);
    std::fflush(stderr);
    drawn_ = true;
}

void progress_bar::clear()
{
    if (!drawn_) return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
    drawn_ = false;
}

}  // namespace porter::programs
