#include "client/line_parsing.hpp"

#include <algorithm>

namespace porter::detail::client {

namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // U+FEFF, which some editors write first
constexpr std::size_t max_field = 255;                        // the limit of a host name; tokens and keys are shorter

}  // namespace

bool is_field(std::string_view text) noexcept
{
    auto const visible = [](char c) { return c > ' ' && c < '\x7f'; };
    return !text.empty() && text.size() <= max_field && std::all_of(text.begin(), text.end(), visible);
}

bool is_printable(std::string_view text) noexcept
{
    auto const is_not_control = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; };
    return std::all_of(text.begin(), text.end(), is_not_control);
}

std::string_view trim_line(std::string_view line) noexcept
{
    if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(blanks)));
    return line;
}

std::string_view take_field(std::string_view& rest) noexcept
{
    auto const field = rest.substr(0, rest.find_first_of(blanks));
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(blanks, field.size())));
    return field;
}

std::vector<std::string> split_lines(std::string const& text)
{
    std::vector<std::string> lines;
    for (std::size_t start = 0; start < text.size();) {
        auto const end = std::min(text.find('\n', start), text.size());
        lines.emplace_back(text, start, end - start);
        start = end + 1;
    }
    return lines;
}

}  // namespace porter::detail::client
