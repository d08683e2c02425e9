// Parsed values: the number is right, and its shortest text parses to the same number. Input: a text.
#include "config/values.hpp"

#include <array>
#include <limits>
#include <optional>

#include "base/text.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

namespace config = detail::config;

struct unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array<unit, 6> durations{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<unit, 4> sizes{{{"", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};

/// A second implementation for digits and a unit; none: no digits, no unit, or more than `limit`.
template <typename Units>
std::optional<std::uint64_t> value_of(std::string_view text, Units const& units, std::uint64_t limit)
{
    auto const digits = std::min(text.find_first_not_of("0123456789"), text.size());
    auto const name = text.substr(digits);
    for (auto const& each : units) {
        if (digits == 0 || each.name != name) continue;
        std::uint64_t value = 0;
        for (auto const digit : text.substr(0, digits)) {
            auto const next = static_cast<std::uint64_t>(digit - '0');
            if (value > (std::numeric_limits<std::uint64_t>::max() - next) / 10) return std::nullopt;
            value = 10 * value + next;
        }
        if (value > limit / each.factor) return std::nullopt;
        return value * each.factor;
    }
    return std::nullopt;
}

template <typename T>
void require_printable(config::parsed<T> const& parsed)
{
    if (!parsed) require(detail::base::escape(parsed.error()) == parsed.error(), "an error can be printed");
}

}  // namespace

void check(std::string_view text)
{
    auto const duration = config::parse_duration(text);
    auto const longest = static_cast<std::uint64_t>(config::longest_duration.count());
    auto const milliseconds = value_of(text, durations, longest);
    require(duration.has_value() == milliseconds.has_value(), "a duration is digits with a unit");
    if (duration) {
        require(static_cast<std::uint64_t>(duration->count()) == *milliseconds, "a duration has the value of its text");
        auto const again = config::parse_duration(config::duration_text(*duration));
        require(again && *again == *duration, "a duration's text parses to the duration");
    }
    auto const size = config::parse_size(text);
    auto const bytes = value_of(text, sizes, std::numeric_limits<std::uint64_t>::max());
    require(!size || (bytes && *size == *bytes), "a size has the value of its text");
    if (size) {
        auto const again = config::parse_size(config::size_text(*size));
        require(again && *again == *size, "a size's text parses to the size");
    }
    auto const port = config::parse_port(text);
    auto const number = config::parse_number(text, 0, 65'535);
    require(port.has_value() == number.has_value() && (!port || *port == *number), "a port is a number up to 65535");
    require_printable(duration);
    require_printable(size);
    require_printable(port);
    require_printable(config::parse_switch(text));
}

}  // namespace porter::fuzzing
