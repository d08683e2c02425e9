// The form of codes (promise P10).
#include "base/access_code.hpp"

#include <set>
#include <string>

#include "support/catch.hpp"

using namespace porter;
using detail::base::digest_of_access_code;
using detail::base::make_access_code;

namespace {

// 26 digits from 0 on, and their check.
std::string const counted = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSJR";

}  // namespace

TEST_CASE("a new code is seven groups of four and valid")
{
    auto const code = make_access_code();
    CHECK(code.view().size() == 34);
    for (std::size_t i = 4; i < code.view().size(); i += 5) CHECK(code.view()[i] == '-');
    CHECK(is_access_code(code.view()));
    CHECK(digest_of_access_code(code.view()));
}

TEST_CASE("no two codes are the same")
{
    std::set<std::string> codes;
    for (int i = 0; i < 1000; ++i) codes.emplace(make_access_code().view());
    CHECK(codes.size() == 1000);
}

TEST_CASE("case and separators and look-alike letters do not change a code")
{
    auto const digest = digest_of_access_code(counted);
    REQUIRE(digest);
    CHECK(digest_of_access_code("0123456789ABCDEFGHJKMNPQRSJR") == digest);
    CHECK(digest_of_access_code("  0123 4567 89ab cdef ghjk mnpq rsjr\t") == digest);
    CHECK(digest_of_access_code("oI23-4567-89AB-CDEF-GHJK-MNPQ-RSJR") == digest);
    CHECK(digest_of_access_code("Ol23-4567-89AB-CDEF-GHJK-MNPQ-RSJR") == digest);
}

TEST_CASE("each mistyped digit and each swapped pair is found")
{
    for (std::size_t i = 0; i < counted.size(); ++i) {
        if (counted[i] == '-') continue;
        auto typed = counted;
        typed[i] = counted[i] == '7' ? '8' : '7';
        CAPTURE(typed);
        CHECK_FALSE(is_access_code(typed));
        CHECK_FALSE(digest_of_access_code(typed));
        if (i == 0 || counted[i - 1] == '-' || counted[i - 1] == counted[i]) continue;
        typed = counted;
        std::swap(typed[i - 1], typed[i]);
        CAPTURE(typed);
        CHECK_FALSE(is_access_code(typed));
    }
}

TEST_CASE("other text is no code")
{
    for (std::string const typed :
         {"", "-", "0123", "0123-4567-89AB-CDEF-GHJK-MNPQ-RSJ", "U123456789ABCDEFGHJKMNPQRSJR",
          "0123456789ABCDEFGHJKMNPQRSJRR", "0123.4567.89AB.CDEF.GHJK.MNPQ.RSJR",
          "prt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
        CAPTURE(typed);
        CHECK_FALSE(is_access_code(typed));
        CHECK_FALSE(digest_of_access_code(typed));
    }
    CHECK_FALSE(is_access_code(std::string(5'000, '0')));
}
