// Lists of SHA-1 sums, compared with a reader of all lines at once. Input: the number of lines (byte), a word for each,
// then a text that is appended.
#include "auth/sorted_sums.hpp"

#include <set>

#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

using namespace detail::auth;

class text_in_memory final : public text_source {
public:
    explicit text_in_memory(std::string_view text) : text_(text) {}
    std::uint64_t size() const noexcept override { return text_.size(); }
    result<std::size_t, std::string> read(std::uint64_t at, std::span<char> out) const override
    {
        require(at < text_.size(), "nothing is read after the end");
        auto const piece = text_.substr(at, out.size());
        std::ranges::copy(piece, out.begin());
        return piece.size();
    }

private:
    std::string_view text_;
};

std::string line_of(unsigned number)
{
    constexpr auto digits = "0123456789abcdefABCDEF";
    std::string line(40, digits[number % 10]);
    line[0] = digits[number / 256 % 22];
    line[1] = digits[number / 11 % 22];
    if (number % 3 == 1) line += ":" + std::to_string(number);
    return line + (number % 5 == 1 ? "\r\n" : "\n");
}

std::string digits_of(sha1_sum const& sum)
{
    std::string digits;
    for (auto const byte : sum) {
        digits += "0123456789abcdef"[byte / 16];
        digits += "0123456789abcdef"[byte % 16];
    }
    return digits;
}

}  // namespace

void check(std::string_view input)
{
    chooser choice{input};
    std::string text;
    for (auto count = choice.byte(); count > 0 && !choice.empty(); --count) text += line_of(choice.word());
    text += choice.rest();
    text_in_memory const source{text};

    auto lines = lines_of(text);
    if (lines.back().empty()) lines.pop_back();
    std::set<sha1_sum> sums;
    bool is_valid = !lines.empty();
    sha1_sum last{};
    for (auto const& each : lines) {
        auto const sum = sum_of_line(each);
        if (!sum) {
            is_valid = false;
            continue;
        }
        auto const shown = digits_of(*sum);
        auto const has_same_digits =
            std::ranges::equal(shown, each.substr(0, 40), [](char a, char b) { return (b | 0x20) == (a | 0x20); });
        require(has_same_digits, "a sum has the digits of its line");
        is_valid = is_valid && *sum >= last;
        last = *sum;
        sums.insert(*sum);
    }
    auto const checked = check_sums(source);
    require(checked.has_value() == is_valid, "a list is valid if all its lines are sums in order");
    require(checked || !checked.error().empty(), "an error has a reason");
    for (auto sum : sums) {
        auto const found = has_sum(source, sum);
        require(!is_valid || (found && *found), "each sum of a valid list is found");
        sum[19] ^= 1;
        auto const other = has_sum(source, sum);
        require(!other || !*other || sums.contains(sum), "no other sum is found");
    }
}

}  // namespace porter::fuzzing
