#include "terminal/progress_bar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "terminal/write.hpp"

namespace porter::detail::terminal {

progress_bar::progress_bar(int output, std::string label)
    : output_(output), label_(std::move(label)), visible_(is_terminal(output))
{}

progress_bar::~progress_bar()
{
    if (!drawn_.empty()) write_all(output_, "\r\x1b[K");
}

void progress_bar::show(std::uint64_t done, std::uint64_t total)
{
    if (!visible_) return;
    auto line = progress_line(label_, done, total);
    if (line == drawn_) return;
    write_all(output_, "\r\x1b[K" + line);
    drawn_ = std::move(line);
}

std::string progress_line(std::string const& label, std::uint64_t done, std::uint64_t total)
{
    constexpr std::size_t width = 30;
    double const part = total == 0 ? 1.0 : static_cast<double>(std::min(done, total)) / static_cast<double>(total);
    auto const full = static_cast<std::size_t>(part * width);
    return fmt::format("{}  [{:#<{}}{:.<{}}]  {:3.0f} %  {} of {}", label, "", full, "", width - full,
                       std::min(part * 100, total > done ? 99.0 : 100.0), rounded_size(done), rounded_size(total));
}

std::string rounded_size(std::uint64_t bytes)
{
    constexpr std::array<std::string_view, 4> units{"KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) return fmt::format("{} bytes", bytes);
    auto size = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (size >= 1024 && unit + 1 < units.size()) {
        size /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", size, units[unit]);
}

}  // namespace porter::detail::terminal
