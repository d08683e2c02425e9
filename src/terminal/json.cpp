#include "terminal/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "base/text.hpp"

namespace porter::detail::terminal {

namespace {

/// The bytes of the code point that a lead byte of UTF-8 begins.
std::size_t length_of(unsigned char lead)
{
    return lead < 0x80 ? 1 : static_cast<std::size_t>(std::countl_one(lead));
}

/// The code point of one well-formed sequence.
std::uint32_t code_point_of(std::string_view bytes)
{
    auto const lead = static_cast<unsigned char>(bytes.front());
    if (bytes.size() == 1) return lead;
    std::uint32_t value = lead & (0x7fU >> bytes.size());
    for (auto const byte : bytes.substr(1)) value = value << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
    return value;
}

}  // namespace

std::string printable_json(std::string_view json)
{
    std::string text;
    text.reserve(json.size());
    while (!json.empty()) {
        auto const is_plain = [](char c) { return c >= 0 && c < 0x7f; };
        auto const plain = std::find_if_not(json.begin(), json.end(), is_plain) - json.begin();
        text += json.substr(0, static_cast<std::size_t>(plain));
        json.remove_prefix(static_cast<std::size_t>(plain));
        if (json.empty()) break;
        auto const letter = json.substr(0, length_of(static_cast<unsigned char>(json.front())));
        if (base::escape(letter) == letter) {
            text += letter;
        } else {
            fmt::format_to(std::back_inserter(text), "\\u{:04x}", code_point_of(letter));  // all are below U+10000
        }
        json.remove_prefix(letter.size());
    }
    return text;
}

}  // namespace porter::detail::terminal
