#include "bench/server_process.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace porter::detail::bench {

namespace {

std::string text_of(std::filesystem::path const& file)
{
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

std::optional<usage> parse_usage(std::string_view stat, std::string_view statm, long ticks, long page)
{
    // The second field is the program's name in parentheses and may contain anything; numbers follow.
    auto const name_end = stat.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    std::istringstream fields{std::string{stat.substr(name_end + 1)}};
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    std::uint64_t resident = 0;
    std::istringstream sizes{std::string{statm}};
    if (!(fields >> user >> system) || !(sizes >> skipped >> resident)) return std::nullopt;
    usage used;
    used.cpu = std::chrono::nanoseconds{(user + system) * (1'000'000'000 / static_cast<std::uint64_t>(ticks))};
    used.rss = resident * static_cast<std::uint64_t>(page);
    return used;
}

std::optional<usage> usage_of(::pid_t process)
{
    auto const folder = std::filesystem::path{"/proc"} / std::to_string(process);
    return parse_usage(text_of(folder / "stat"), text_of(folder / "statm"), ::sysconf(_SC_CLK_TCK),
                       ::sysconf(_SC_PAGESIZE));
}

thread_usage usage_of_this_thread()
{
    std::istringstream fields{text_of("/proc/thread-self/schedstat")};
    std::chrono::nanoseconds::rep cpu = 0;
    std::chrono::nanoseconds::rep waited = 0;
    fields >> cpu >> waited;
    return {std::chrono::nanoseconds{cpu}, std::chrono::nanoseconds{waited}};
}

}  // namespace porter::detail::bench
