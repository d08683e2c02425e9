// Lists of SHA-1 sums, against a reader that sees all lines at once. Input: how many lines, which are made of two bytes
// each, then a text behind them.
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
    result<std::size_t, std::string> read(std::uint64_t at, std::span<char> into) const override
    {
        require(at < text_.size(), "nothing is read behind the end");
        auto const piece = text_.substr(at, into.size());
        std::ranges::copy(piece, into.begin());
        return piece.size();
    }

private:
    std::string_view text_;
};

std::string made_line(unsigned number)
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
    chooser chosen{input};
    std::string text;
    for (auto left = chosen.byte(); left > 0 && !chosen.empty(); --left) text += made_line(chosen.word());
    text += chosen.rest();
    text_in_memory const source{text};

    auto lines = lines_of(text);
    if (lines.back().empty()) lines.pop_back();
    std::set<sha1_sum> sums;
    bool is_good = !lines.empty();
    sha1_sum last{};
    for (auto const& each : lines) {
        auto const sum = sum_of_line(each);
        if (!sum) {
            is_good = false;
            continue;
        }
        auto const shown = digits_of(*sum);
        auto const has_same_digits =
            std::ranges::equal(shown, each.substr(0, 40), [](char a, char b) { return (b | 0x20) == (a | 0x20); });
        require(has_same_digits, "a sum is what the line says");
        is_good = is_good && *sum >= last;
        last = *sum;
        sums.insert(*sum);
    }
    auto const checked = check_sums(source);
    require(checked.has_value() == is_good, "a list is good when all its lines are sums in order");
    require(checked || !checked.error().empty(), "a refusal says what is wrong");
    for (auto wanted : sums) {
        auto const found = has_sum(source, wanted);
        require(!is_good || (found && *found), "each sum of a good list is found");
        wanted[19] ^= 1;
        auto const other = has_sum(source, wanted);
        require(!other || !*other || sums.contains(wanted), "nothing else is found");
    }
}

}  // namespace porter::fuzzing
