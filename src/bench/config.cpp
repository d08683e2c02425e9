#include "bench/config.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace porter::detail::bench {

namespace {

constexpr std::array<std::pair<mode, std::string_view>, 5> names{{{mode::echo, "echo"},
                                                                  {mode::resume, "resume"},
                                                                  {mode::login, "login"},
                                                                  {mode::register_, "register"},
                                                                  {mode::idle, "idle"}}};

}  // namespace

std::string_view name_of(mode value) noexcept
{
    return std::ranges::find(names, value, &std::pair<mode, std::string_view>::first)->second;
}

std::string_view name_of(content value) noexcept
{
    constexpr std::array<std::string_view, 3> contents{"text", "cyrillic", "data"};
    return contents[static_cast<std::size_t>(value)];
}

std::optional<mode> parse_mode(std::string_view name) noexcept
{
    auto const found = std::ranges::find(names, name, &std::pair<mode, std::string_view>::second);
    if (found == names.end()) return std::nullopt;
    return found->first;
}

}  // namespace porter::detail::bench
