#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "porter/result.hpp"

/// A sorted text of SHA-1 sums, the format in which lists of breached passwords are published: one sum a line, in 40
/// hexadecimal digits of either case. Anything after a colon is ignored; lines end with LF or CRLF and have at most 128
/// bytes. A list may be tens of GB, so it is read in pieces.
namespace porter::detail::auth {

using sha1_sum = std::array<unsigned char, 20>;

/// Access to the text.
class text_source {
public:
    virtual ~text_source() = default;

    /// In bytes.
    virtual std::uint64_t size() const noexcept = 0;

    /// Reads from byte `at` on and returns the number of bytes read: less than `into` only at the end of the text.
    /// Error: the system's message.
    virtual result<std::size_t, std::string> read(std::uint64_t at, std::span<char> into) const = 0;
};

/// The sum of a line without its line feed; none: it has another format.
std::optional<sha1_sum> sum_of_line(std::string_view line) noexcept;

/// Checks the format of the first MiB, of a thousand lines after it, and of the end. Error: what is wrong, and where.
result<void, std::string> check_sums(text_source const& text);

/// Whether the sum is in the text: a binary search, each step of which reads some 200 bytes. Error: the text could not
/// be read, or a line has another format. In an unsorted text a sum may be missed.
result<bool, std::string> has_sum(text_source const& text, sha1_sum const& wanted);

}  // namespace porter::detail::auth
