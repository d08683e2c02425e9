#include "auth/sorted_sums.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace porter::detail::auth {
namespace {

constexpr std::size_t longest_line = 128;  // 40 digits, a count, and more
constexpr std::uint64_t read_whole = 1024 * 1024;
constexpr std::uint64_t sampled_lines = 1000;
constexpr char const* not_a_sum = "is no SHA-1 sum in 40 hexadecimal digits";

struct line {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  // where the next one begins
    sha1_sum sum{};
};

using found_line = result<std::optional<line>, std::string>;

std::string position_of(std::uint64_t at)
{
    return fmt::format("the line at byte {}", at);
}

std::optional<unsigned> digit(char letter) noexcept
{
    if (letter >= '0' && letter <= '9') return static_cast<unsigned>(letter - '0');
    if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a' + 10);
    if (letter >= 'A' && letter <= 'F') return static_cast<unsigned>(letter - 'A' + 10);
    return std::nullopt;
}

/// The first line that begins at byte `at` or after it, if any.
found_line line_from(text_source const& text, std::uint64_t at)
{
    // From the byte before, which may be the line feed before the line.
    auto const from = at == 0 ? 0 : at - 1;
    std::array<char, 2 * longest_line> piece;
    auto const got = text.read(from, piece);
    if (!got) return unexpected(got.error());
    std::string_view rest{piece.data(), *got};
    bool const is_end = *got < piece.size() || from + *got >= text.size();
    line next{.begin = at, .end = at, .sum = {}};
    if (at > 0) {
        auto const feed = rest.find('\n');
        if (feed == std::string_view::npos && is_end) return std::optional<line>{};
        if (feed >= longest_line) return unexpected(fmt::format("{} {}", position_of(at), not_a_sum));
        rest.remove_prefix(feed + 1);
        next.begin = from + feed + 1;
    }
    if (rest.empty()) return std::optional<line>{};
    auto const length = std::min(rest.find('\n'), rest.size());
    auto const sum = sum_of_line(rest.substr(0, length));
    if (!sum) return unexpected(fmt::format("{} {}", position_of(next.begin), not_a_sum));
    next.end = next.begin + std::min(length + 1, rest.size());
    next.sum = *sum;
    return std::optional{next};
}

std::string out_of_order(std::string const& position)
{
    return position + " is less than one before it: the sums must be sorted";
}

/// Checks the lines that begin before `end`, and returns the last sum.
result<sha1_sum, std::string> check_beginning(text_source const& text, std::uint64_t end)
{
    sha1_sum last{};
    std::uint64_t at = 0;
    for (std::uint64_t number = 1; at < end; ++number) {
        auto const next = line_from(text, at);
        auto const position = fmt::format("line {}", number);
        if (!next && next.error().ends_with(not_a_sum)) return unexpected(fmt::format("{} {}", position, not_a_sum));
        if (!next) return unexpected(next.error());
        if (!*next) break;
        if ((*next)->sum < last) return unexpected(out_of_order(position));
        last = (*next)->sum;
        at = (*next)->end;
    }
    return last;
}

}  // namespace

std::optional<sha1_sum> sum_of_line(std::string_view line) noexcept
{
    sha1_sum sum{};
    constexpr auto digits = 2 * sum.size();
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() < digits || line.size() >= longest_line) return std::nullopt;
    if (line.size() > digits && line[digits] != ':') return std::nullopt;
    for (std::size_t each = 0; each < digits; ++each) {
        auto const value = digit(line[each]);
        if (!value) return std::nullopt;
        sum[each / 2] = static_cast<unsigned char>(16U * sum[each / 2] + *value);
    }
    return sum;
}

result<void, std::string> check_sums(text_source const& text)
{
    auto const size = text.size();
    if (size == 0) return unexpected(std::string{"it is empty"});
    auto const beginning = check_beginning(text, std::min(size, read_whole));
    if (!beginning) return unexpected(beginning.error());
    auto last = *beginning;
    auto compared_to = std::min(size, read_whole);  // all checked lines begin before this byte
    auto const look = [&](std::uint64_t at) -> found_line {
        auto next = line_from(text, at);
        if (!next || !*next || (*next)->begin < compared_to) return next;
        if ((*next)->sum < last) return unexpected(out_of_order(position_of((*next)->begin)));
        last = (*next)->sum;
        compared_to = (*next)->end;
        return next;
    };
    for (std::uint64_t sample = 0; sample < sampled_lines && size > read_whole; ++sample) {
        auto const found = look(read_whole + (size - read_whole) / sampled_lines * sample);
        if (!found) return unexpected(found.error());
    }
    // All lines at the end, including the last.
    for (auto at = size > read_whole ? size - 2 * longest_line : size; at < size;) {
        auto const found = look(at);
        if (!found) return unexpected(found.error());
        at = *found ? (*found)->end : size;
    }
    return {};
}

result<bool, std::string> has_sum(text_source const& text, sha1_sum const& wanted)
{
    // The sums of all lines that begin before `low` are less, of those from `high` on greater.
    std::uint64_t low = 0;
    auto high = text.size();
    while (low < high) {
        auto const middle = low + (high - low) / 2;
        auto const found = line_from(text, middle);
        if (!found) return unexpected(found.error());
        if (*found && (*found)->sum == wanted) return true;
        if (*found && (*found)->sum < wanted) {
            low = (*found)->end;
        } else {
            high = middle;
        }
    }
    return false;
}

}  // namespace porter::detail::auth
