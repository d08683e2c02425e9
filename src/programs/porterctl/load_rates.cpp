#include "programs/porterctl/load_rates.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

namespace porter::programs {

load_rates rates_between(detail::control::server_load const& before, detail::control::server_load const& after)
{
    using load = detail::control::server_load;
    if (after.uptime_ms <= before.uptime_ms) return {};
    auto const seconds = static_cast<double>(after.uptime_ms - before.uptime_ms) / 1000;
    auto const grown = [&](std::uint64_t load::* number) {
        return after.*number < before.*number ? 0.0 : static_cast<double>(after.*number - before.*number);
    };
    load_rates rates;
    rates.accepted = grown(&load::accepted) / seconds;
    rates.messages_in = grown(&load::messages_in) / seconds;
    rates.messages_out = grown(&load::messages_out) / seconds;
    rates.bytes_in = grown(&load::bytes_in) / seconds;
    rates.bytes_out = grown(&load::bytes_out) / seconds;
    rates.granted = grown(&load::granted) / seconds;
    rates.denied = grown(&load::denied) / seconds;
    rates.throttled = grown(&load::throttled) / seconds;
    rates.hashes_rejected = grown(&load::hashes_rejected) / seconds;
    rates.store_failed = grown(&load::store_failed) / seconds;
    auto const operations = grown(&load::store_operations);
    rates.store_operations = operations / seconds;
    if (operations > 0) rates.store_ms = grown(&load::store_ns) / operations / 1e6;
    return rates;
}

std::string rounded_number(double number)
{
    constexpr std::array<std::string_view, 4> units{"k", "M", "G", "T"};
    if (number < 9.95) {
        auto const tenths = std::round(number * 10);
        return std::fmod(tenths, 10) == 0 ? fmt::format("{:.0f}", tenths / 10) : fmt::format("{:.1f}", tenths / 10);
    }
    if (number < 999.5) return fmt::format("{:.0f}", number);
    number /= 1000;
    std::size_t unit = 0;
    while (number >= 999.95 && unit + 1 < units.size()) {
        number /= 1000;
        ++unit;
    }
    return fmt::format("{:.1f}{}", number, units[unit]);
}

}  // namespace porter::programs
