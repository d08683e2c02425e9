#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "porter/result.hpp"

/// The text form of settings, on a command line, in the environment or at a prompt. Parsing is strict: the whole text
/// must be the value, without spaces or signs. An error is a clause for a person, with the escaped text and what is
/// valid.
namespace porter::detail::config {

template <typename T>
using parsed = result<T, std::string>;

/// The error of an invalid value: "TEXT" is not EXPECTED. The text is escaped and cut.
unexpected<std::string> reject_value(std::string_view text, std::string_view expected);

/// A decimal number within the bounds, both included.
parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most);

/// A port from `least`, which is 1 for a port to connect to, to 65535.
parsed<std::uint16_t> parse_port(std::string_view text, std::uint16_t least = 0);

/// The longest duration that can be set: a hundred years, so that no sum of times overflows.
inline constexpr std::chrono::milliseconds longest_duration = std::chrono::days{36'500};

/// An integer with ms, s, m, h or d; bare: seconds.
parsed<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Bytes: an integer with KiB, MiB or GiB; bare: bytes.
parsed<std::uint64_t> parse_size(std::string_view text);

/// on, yes, true and 1, or off, no, false and 0.
parsed<bool> parse_switch(std::string_view text);

/// A URL of PostgreSQL without a password. The error does not contain the text.
parsed<std::string> parse_database_url(std::string_view text);

/// The shortest text that parses to the same value, e.g. "30d", "1500ms", "0s".
std::string duration_text(std::chrono::milliseconds value);

/// The shortest text that parses to the same value, e.g. "19MiB", "1000".
std::string size_text(std::uint64_t bytes);

}  // namespace porter::detail::config
