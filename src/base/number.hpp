#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace porter::detail::base {

/// The number if the whole text is one, in decimal; none if it is not or does not fit. Only signed types accept a
/// minus.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) noexcept
{
    Number value{};
    auto const* const end = text.data() + text.size();
    auto const [parsed_end, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || parsed_end != end) return std::nullopt;
    return value;
}

}  // namespace porter::detail::base
