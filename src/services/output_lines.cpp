#include "services/output_lines.hpp"

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"

namespace porter::detail::services {
namespace {

unsigned char byte_at(std::string_view bytes, std::size_t index)
{
    return static_cast<unsigned char>(bytes[index]);
}

bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0U) == 0x80;
}

/// What may follow the first byte of a sequence: its length, and the bounds of its second byte (Unicode, table 3-7).
struct sequence {
    std::size_t length;
    unsigned char least = 0x80;
    unsigned char most = 0xbf;
};

sequence sequence_of(unsigned char first)
{
    if (first < 0x80) return {1};
    if (first < 0xc2) return {0};
    if (first < 0xe0) return {2};
    if (first == 0xe0) return {3, 0xa0};
    if (first == 0xed) return {3, 0x80, 0x9f};
    if (first < 0xf0) return {3};
    if (first == 0xf0) return {4, 0x90};
    if (first < 0xf4) return {4};
    if (first == 0xf4) return {4, 0x80, 0x8f};
    return {0};
}

/// The length of the character that the bytes begin with, or of the maximal part of one.
struct character {
    std::size_t length;
    bool is_valid;
};

character first_character(std::string_view bytes)
{
    auto const expected = sequence_of(byte_at(bytes, 0));
    if (expected.length < 2) return {1, expected.length == 1};
    std::size_t length = 1;
    while (length < expected.length && length < bytes.size()) {
        auto const byte = byte_at(bytes, length);
        bool const fits = length == 1 ? byte >= expected.least && byte <= expected.most : is_continuation(byte);
        if (!fits) break;
        ++length;
    }
    return {length, length == expected.length};
}

}  // namespace

std::string replace_invalid_utf8(std::string_view bytes)
{
    if (base::valid_utf8(bytes)) return std::string{bytes};
    std::string text;
    text.reserve(bytes.size() + bytes.size() / 2);
    while (!bytes.empty()) {
        auto const [length, is_valid] = first_character(bytes);
        text += is_valid ? bytes.substr(0, length) : std::string_view{"\xef\xbf\xbd"};
        bytes.remove_prefix(length);
    }
    return text;
}

std::size_t prefix_length(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit) return text.size();
    auto end = limit;
    while (end + 3 > limit && end > 1 && is_continuation(byte_at(text, end))) --end;
    return is_continuation(byte_at(text, end)) ? limit : end;
}

void output_lines::append(std::string_view bytes)
{
    bytes_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    bytes_ += bytes;
}

void output_lines::finish()
{
    has_ended_ = true;
}

std::optional<std::string> output_lines::next()
{
    if (texts_.empty()) cut_line();
    if (texts_.empty()) return std::nullopt;
    auto text = std::move(texts_.front());
    texts_.pop_front();
    return text;
}

/// Takes the next line, or of a line that is too long the next part.
void output_lines::cut_line()
{
    auto const feed = bytes_.find('\n', searched_);
    bool const has_feed = feed != std::string::npos;
    searched_ = std::min(feed, bytes_.size());
    auto const line = std::string_view{bytes_}.substr(begin_, searched_ - begin_);
    bool const is_too_long = line.size() > limit_;
    if (!is_too_long && !has_feed && !(has_ended_ && !line.empty())) return;
    auto const taken = is_too_long ? prefix_length(line, limit_) : line.size();
    auto const valid = replace_invalid_utf8(line.substr(0, taken));
    std::string_view rest = valid;
    do {  // the replacements may have made it longer than the limit
        auto const length = prefix_length(rest, limit_);
        texts_.emplace_back(rest.substr(0, length));
        rest.remove_prefix(length);
    } while (!rest.empty());
    begin_ += taken;
    if (!is_too_long && has_feed) ++begin_;
    searched_ = std::max(searched_, begin_);
}

}  // namespace porter::detail::services
