#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The encodings in the hashes of other programs. Strict: a text has one spelling. They throw std::bad_alloc.
namespace porter::detail::auth {

/// Bytes as base64 with padding.
std::string encode_base64(std::string_view bytes);

/// The bytes of a base64 text, with padding or without; none: it is none.
std::optional<std::string> decode_base64(std::string_view text);

/// The bytes of a text of hexadecimal digits, two for each.
std::optional<std::string> decode_hex(std::string_view text);

/// A number without sign and leading zeros; none also if it is more than `most`.
std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t most) noexcept;

/// The parts between the separators, at least one.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace porter::detail::auth
