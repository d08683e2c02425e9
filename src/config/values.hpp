#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "porter/error.hpp"

/// How settings are written as text, on a command line, in the environment or typed at a question. Parsing is strict:
/// the whole text must be the value, without spaces or signs. An error is a sentence for a person, with what was given
/// (escaped) and what would be right.
namespace porter::detail::config {

template <typename T>
using parsed = result<T, std::string>;

/// The error of every value: "..." is not what would be right. What was given is escaped and cut.
unexpected<std::string> reject_value(std::string_view text, std::string_view right);

/// A decimal number within the bounds, both included.
parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most);

/// A port, 0 to 65535: from 1 where one connects to it.
parsed<std::uint16_t> parse_port(std::string_view text, std::uint16_t least = 0);

/// The longest duration that can be set: a hundred years, so that no sum of times overflows.
inline constexpr std::chrono::milliseconds longest_duration = std::chrono::days{36'500};

/// An integer with ms, s, m, h or d; bare: seconds.
parsed<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Bytes: an integer with KiB, MiB or GiB; bare: bytes.
parsed<std::uint64_t> parse_size(std::string_view text);

/// on, yes, true and 1, or off, no, false and 0.
parsed<bool> parse_switch(std::string_view text);

/// The shortest text that parses to the same value, e.g. "30d", "1500ms", "0s".
std::string duration_text(std::chrono::milliseconds value);

/// The shortest text that parses to the same value, e.g. "19MiB", "1000".
std::string size_text(std::uint64_t bytes);

}  // namespace porter::detail::config
