#include "auth/sorted_sums.hpp"

#include <algorithm>
#include <string>

#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;

namespace {

/// A text in memory that cannot be read from byte `unreadable` on.
class text_in_memory final : public auth::text_source {
public:
    explicit text_in_memory(std::string text, std::uint64_t unreadable = ~std::uint64_t{0})
        : text_(std::move(text)), unreadable_(unreadable)
    {}
    std::uint64_t size() const noexcept override { return text_.size(); }
    result<std::size_t, std::string> read(std::uint64_t at, std::span<char> into) const override
    {
        if (at >= unreadable_) return unexpected(std::string{"Input/output error"});
        auto const piece = std::string_view{text_}.substr(at, into.size());
        std::ranges::copy(piece, into.begin());
        return piece.size();
    }

private:
    std::string text_;
    std::uint64_t unreadable_;
};

/// The sum that begins with this number.
auth::sha1_sum sum_of(unsigned number)
{
    auth::sha1_sum sum{};
    sum[0] = static_cast<unsigned char>(number >> 8U);
    sum[1] = static_cast<unsigned char>(number);
    return sum;
}

std::string digits_of(unsigned number, char const* alphabet = "0123456789abcdef")
{
    std::string digits(40, '0');
    for (std::size_t each = 0; each < 4; ++each) digits[each] = alphabet[number >> (12U - 4U * each) & 15U];
    return digits;
}

/// Lines for 1, 3, 5, ... below `end`, each followed by `behind`.
std::string odd_numbers(unsigned end, std::string const& behind = "\n")
{
    std::string text;
    for (unsigned number = 1; number < end; number += 2) text += digits_of(number) + behind;
    return text;
}

std::string fault_of(std::string const& text)
{
    auto const checked = auth::check_sums(text_in_memory{text});
    return checked ? std::string{} : checked.error();
}

bool has(std::string const& text, unsigned number)
{
    auto const found = auth::has_sum(text_in_memory{text}, sum_of(number));
    REQUIRE(found);
    return *found;
}

constexpr unsigned past_the_first_mib = 0xffff;  // 32,767 lines of 41 bytes

}  // namespace

TEST_CASE("every sum of a sorted text is found and no other")
{
    for (unsigned const end : {2U, 4U, 6U, 60U, 600U}) {
        for (std::string const behind : {"\n", "\r\n", ":7\n", ":123456789012\r\n"}) {
            auto const whole = odd_numbers(end, behind);
            for (auto const& text : {whole, whole.substr(0, whole.find_last_not_of("\r\n") + 1)}) {
                CAPTURE(end, behind, text.size());
                CHECK(fault_of(text).empty());
                auto missed = 0;
                auto invented = 0;
                for (unsigned number = 0; number <= end; ++number) {
                    if (number % 2 == 1 && number < end) missed += has(text, number) ? 0 : 1;
                    if (number % 2 == 0) invented += has(text, number) ? 1 : 0;
                }
                CHECK(missed == 0);
                CHECK(invented == 0);
            }
        }
    }
}

TEST_CASE("lines may differ in length and case and occur twice")
{
    auto const text = digits_of(0xabcd) + ":1\n" + digits_of(0xabcd, "0123456789ABCDEF") + "\n" + digits_of(0xbcde) +
                      ":" + std::string(86, 'x') + "\n" + digits_of(0xcdef, "0123456789ABCDEF") + "\r\n";
    CHECK(fault_of(text).empty());
    for (unsigned const number : {0xabcdU, 0xbcdeU, 0xcdefU}) CHECK(has(text, number));
    CHECK_FALSE(has(text, 0xbcdf));
}

TEST_CASE("a text of another format is rejected with its line")
{
    auto const good = odd_numbers(6);
    CHECK(fault_of("") == "it is empty");
    CHECK(fault_of("\n").starts_with("line 1 "));
    CHECK(fault_of(good + "\n").starts_with("line 4 "));
    CHECK(fault_of(good + "password\n").starts_with("line 4 "));
    CHECK(fault_of(good + digits_of(9).substr(1) + "\n").starts_with("line 4 "));
    CHECK(fault_of(good + digits_of(9) + "0\n").starts_with("line 4 "));
    CHECK(fault_of(good + digits_of(9) + " :1\n").starts_with("line 4 "));
    CHECK(fault_of(good + digits_of(9).replace(39, 1, "g")).starts_with("line 4 "));
    CHECK(fault_of(good + digits_of(9) + ":" + std::string(90, '1') + "\n").starts_with("line 4 "));
    CHECK(fault_of(std::string(5000, 'a')).starts_with("line 1 "));
    CHECK(fault_of(good + digits_of(4)).starts_with("line 4 is less than one before it"));
    CHECK(fault_of("\xef\xbb\xbf" + good).starts_with("line 1 "));
}

TEST_CASE("faults after the first MiB are found where the text is sampled")
{
    auto const good = odd_numbers(past_the_first_mib);
    CHECK(fault_of(good).empty());
    CHECK(fault_of(good + "x").starts_with("the line at byte 1343447 "));
    CHECK(fault_of(good + digits_of(4)).starts_with("the line at byte 1343447 is less than"));
    CHECK(fault_of(good + good).find("is less than") != std::string::npos);
    CHECK(fault_of(good + std::string(300'000, 'a')).find("is no SHA-1 sum") != std::string::npos);
    for (unsigned number = 1; number < past_the_first_mib; number += 998) CHECK(has(good, number));
    CHECK_FALSE(has(good, 2));
}

TEST_CASE("a text that cannot be read is an error")
{
    auto const text = odd_numbers(600);
    auto const checked = auth::check_sums(text_in_memory{text, 5000});
    REQUIRE_FALSE(checked);
    CHECK(checked.error() == "Input/output error");
    auto const found = auth::has_sum(text_in_memory{text, 5000}, sum_of(599));
    REQUIRE_FALSE(found);
    CHECK(found.error() == "Input/output error");
}

TEST_CASE("a line of another format ends a search with an error")
{
    auto text = odd_numbers(60);
    text.replace(text.size() / 2 - 41, 82, 82, '-');
    auto const found = auth::has_sum(text_in_memory{text}, sum_of(31));
    REQUIRE_FALSE(found);
    CHECK(found.error().find("is no SHA-1 sum") != std::string::npos);
}
