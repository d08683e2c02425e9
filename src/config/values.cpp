#include "config/values.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <span>

#include "base/number.hpp"
#include "base/text.hpp"
#include "base/url.hpp"

namespace porter::detail::config {
namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<unit, 5> duration_units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<unit, 3> size_units{{{"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};

/// A number with a unit, or a bare number, which is multiplied by `bare`.
std::optional<std::uint64_t> with_unit(std::string_view text, std::span<unit const> units, std::uint64_t bare)
{
    auto const number_end = text.find_first_not_of("0123456789");
    auto const name = number_end == std::string_view::npos ? std::string_view{} : text.substr(number_end);
    auto const number = base::parse_number<std::uint64_t>(text.substr(0, number_end));
    if (!number) return std::nullopt;

    std::uint64_t factor = name.empty() ? bare : 0;
    for (auto const& one : units) {
        if (one.name == name) factor = one.factor;
    }
    if (factor == 0 || *number > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
    return *number * factor;
}

std::string largest_unit(std::uint64_t value, std::span<unit const> units, std::string_view bare)
{
    for (auto one = units.rbegin(); one != units.rend(); ++one) {
        if (value != 0 && value % one->factor == 0) return fmt::format("{}{}", value / one->factor, one->name);
    }
    return fmt::format("{}{}", value, bare);
}

}  // namespace

unexpected<std::string> reject_value(std::string_view text, std::string_view expected)
{
    constexpr std::size_t max_shown = 60;
    auto const shown = base::escape(text.substr(0, max_shown)) + (text.size() > max_shown ? "..." : "");
    return unexpected(fmt::format("\"{}\" is not {}", shown, expected));
}

parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most)
{
    auto const value = base::parse_number<std::uint64_t>(text);
    if (!value || *value < least || *value > most) {
        return reject_value(text, fmt::format("a number from {} to {}", least, most));
    }
    return *value;
}

parsed<std::uint16_t> parse_port(std::string_view text, std::uint16_t least)
{
    constexpr std::uint64_t last = std::numeric_limits<std::uint16_t>::max();
    auto const value = base::parse_number<std::uint64_t>(text);
    if (!value || *value < least || *value > last) {
        return reject_value(text, fmt::format("a port: a number from {} to {}", least, last));
    }
    return static_cast<std::uint16_t>(*value);
}

parsed<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    auto const value = with_unit(text, duration_units, 1'000);
    if (!value) return reject_value(text, "a duration: an integer with ms, s, m, h or d, bare for seconds");
    if (*value > static_cast<std::uint64_t>(longest_duration.count())) {
        return reject_value(text, "a duration of at most 36500d");
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(*value)};
}

parsed<std::uint64_t> parse_size(std::string_view text)
{
    auto const value = with_unit(text, size_units, 1);
    if (!value) return reject_value(text, "a size: an integer with KiB, MiB or GiB, bare for bytes");
    return *value;
}

parsed<bool> parse_switch(std::string_view text)
{
    if (text == "on" || text == "yes" || text == "true" || text == "1") return true;
    if (text == "off" || text == "no" || text == "false" || text == "0") return false;
    return reject_value(text, "on or off");
}

parsed<std::string> parse_database_url(std::string_view text)
{
    if (!base::is_postgresql_url(text)) {
        return unexpected(std::string{"expected postgresql://[USER@]HOST[:PORT][,HOST...]/DATABASE"});
    }
    if (base::has_password(text)) {
        return unexpected(std::string{
            "a password in it can be read by others: use PGPASSFILE, a file that only the user of this program can "
            "read (0600), or a client certificate"});
    }
    return std::string{text};
}

std::string duration_text(std::chrono::milliseconds value)
{
    return largest_unit(static_cast<std::uint64_t>(value.count()), duration_units, "s");
}

std::string size_text(std::uint64_t bytes)
{
    return largest_unit(bytes, size_units, "");
}

}  // namespace porter::detail::config
