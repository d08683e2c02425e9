#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "porter/error.hpp"

/// SHA-1 sums in a text, as lists of breached passwords are published: one a line, in 40 hexadecimal digits of either
/// case, sorted. What stands behind a colon is ignored; lines end with LF or CRLF and have at most 128 bytes. Such a
/// list may have tens of GB, so it is read in pieces where it lies.
namespace porter::detail::auth {

using sha1_sum = std::array<unsigned char, 20>;

/// Where the text is.
class text_source {
public:
    virtual ~text_source() = default;

    /// In bytes.
    virtual std::uint64_t size() const noexcept = 0;

    /// Fills `into` with what begins at byte `at`, and says how much it is: less only at the end of the text. Error:
    /// the system's words for what went wrong.
    virtual result<std::size_t, std::string> read(std::uint64_t at, std::span<char> into) const = 0;
};

/// The sum in a line without its line feed; none: it is no line of such a text.
std::optional<sha1_sum> sum_of_line(std::string_view line) noexcept;

/// Whether the text is such a one: all of its first MiB, a thousand places behind that, and its end. Error: what is
/// wrong, and where.
result<void, std::string> check_sums(text_source const& text);

/// Whether the sum is in the text: a search that halves it with each step, of some 200 bytes each. Error: the text
/// could not be read, or a line on the way is none of such a text. In a text that is not sorted a sum may be missed.
result<bool, std::string> has_sum(text_source const& text, sha1_sum const& wanted);

}  // namespace porter::detail::auth
