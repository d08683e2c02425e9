#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace porter::detail::services {

/// Cuts the output of a program into texts: each line is one, without its line feed. A longer line than the limit is
/// cut, at the limit or up to three bytes before it, never within a character. Each part of a character that is not
/// valid UTF-8 becomes U+FFFD. Holds at most the limit and what the last append() added.
class output_lines {
public:
    /// `limit`: bytes of a text, at least 4.
    explicit output_lines(std::size_t limit) : limit_(limit) {}

    void append(std::string_view bytes);

    /// The output has ended: a last line without a line feed is complete.
    void finish();

    /// The next text; none: append() or finish() must add it.
    std::optional<std::string> next();

private:
    void cut_line();

    std::size_t const limit_;
    std::string bytes_;
    std::size_t begin_ = 0;     // of what is not cut yet
    std::size_t searched_ = 0;  // between these is no line feed
    bool has_ended_ = false;
    std::deque<std::string> texts_;  // of the line that was cut last
};

/// The text with each maximal part of an ill-formed sequence replaced by U+FFFD, as Unicode recommends.
std::string replace_invalid_utf8(std::string_view bytes);

/// The end of the longest prefix of at most `limit` bytes that ends between two characters. `text` may be ill-formed:
/// then at most three bytes are left out.
std::size_t prefix_length(std::string_view text, std::size_t limit);

}  // namespace porter::detail::services
