#include "service_manager/activation.hpp"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>

#include "base/number.hpp"
#include "base/text.hpp"

namespace porter::detail::service_manager {
namespace {

constexpr int first_descriptor = 3;         // after the standard streams
constexpr std::uint64_t most_sockets = 64;  // more than a server has addresses

std::optional<std::string> take(char const* name)
{
    char const* const value = std::getenv(name);
    std::optional<std::string> taken;
    if (value != nullptr) taken = value;
    ::unsetenv(name);
    return taken;
}

bool is_of(std::optional<std::string> const& pid, pid_t self)
{
    return pid && base::parse_number<std::uint64_t>(*pid) == static_cast<std::uint64_t>(self);
}

unexpected<std::string> wrong(std::string_view name, std::string_view value, std::string_view expected)
{
    std::string text{name};
    text.append(": \"").append(base::escape(value)).append("\" is not ").append(expected);
    return unexpected(std::move(text));
}

}  // namespace

variables take_variables()
{
    variables taken;
    taken.listen_pid = take("LISTEN_PID");
    taken.listen_fds = take("LISTEN_FDS");
    taken.watchdog_pid = take("WATCHDOG_PID");
    taken.watchdog_usec = take("WATCHDOG_USEC");
    ::unsetenv("LISTEN_FDNAMES");
    return taken;
}

result<std::vector<int>, std::string> inherited_descriptors(variables const& given, pid_t self)
{
    std::vector<int> found;
    if (!given.listen_fds || !is_of(given.listen_pid, self)) return found;
    auto const count = base::parse_number<std::uint64_t>(*given.listen_fds);
    if (!count || *count > most_sockets) return wrong("LISTEN_FDS", *given.listen_fds, "a number from 0 to 64");
    for (int i = 0; i < static_cast<int>(*count); ++i) found.push_back(first_descriptor + i);
    return found;
}

result<std::chrono::microseconds, std::string> watchdog_time(variables const& given, pid_t self)
{
    using std::chrono::microseconds;
    bool const is_for_another = given.watchdog_pid && !is_of(given.watchdog_pid, self);
    if (!given.watchdog_usec || is_for_another) return microseconds{0};
    auto const time = base::parse_number<std::uint64_t>(*given.watchdog_usec);
    constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max() / 1'000'000;  // fits in nanoseconds
    if (!time || *time == 0 || *time > longest) {
        return wrong("WATCHDOG_USEC", *given.watchdog_usec, "a number of microseconds");
    }
    return microseconds{static_cast<std::int64_t>(*time)};
}

}  // namespace porter::detail::service_manager
