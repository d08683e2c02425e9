#include "sessions/token.hpp"

#include <set>
#include <string>

#include "support/catch.hpp"

using porter::detail::sessions::digest_of;
using porter::detail::sessions::system_token_source;

namespace {

// 32 zero bytes, and their BLAKE2b-256.
std::string const zeros = "prt_" + std::string(43, 'A');
constexpr std::string_view digest_of_zeros = "89eb0d6a8a691dae2cd15ed0369931ce0a949ecafa5c3f93f8121833646e15c3";

std::string hex(porter::detail::store::token_digest const& digest)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (auto const byte : digest) {
        text += digits[std::to_integer<std::size_t>(byte >> 4)];
        text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
    }
    return text;
}

}  // namespace

TEST_CASE("a token is prt_ and 43 characters of base64url")
{
    system_token_source source;
    for (int tries = 0; tries < 100; ++tries) {
        auto const token = source.issue();
        REQUIRE(token.view().size() == 47);
        CHECK(token.view().starts_with("prt_"));
        CHECK(token.view().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
              std::string_view::npos);
        CHECK(digest_of(token.view()));
    }
}

TEST_CASE("no token is issued twice")
{
    system_token_source source;
    std::set<std::string> issued;
    for (int tries = 0; tries < 1000; ++tries) issued.emplace(source.issue().view());
    CHECK(issued.size() == 1000);
}

TEST_CASE("the digest is BLAKE2b-256 of the token's bytes")
{
    auto const digest = digest_of(zeros);
    REQUIRE(digest);
    CHECK(hex(*digest) == digest_of_zeros);
}

TEST_CASE("a text that is not encoded exactly as a token has no digest")
{
    REQUIRE(digest_of(zeros));
    std::string const body(43, 'A');
    std::vector<std::string> const others{
        "",
        "prt_",
        body,
        zeros + "=",
        zeros + "A",
        zeros.substr(0, 46),
        "PRT_" + body,
        "prt-" + body,
        "prt_" + std::string(42, 'A') + "B",  // the same bytes in another encoding: the last two bits are padding
        "prt_" + std::string(42, 'A') + "+",
        "prt_" + std::string(42, 'A') + "/",
        "prt_" + std::string(42, 'A') + "=",
        "prt_" + std::string(42, 'A') + " ",
        "prt_ " + std::string(42, 'A'),
        "prt_" + std::string(21, 'A') + "\n" + std::string(21, 'A'),
        "prt_" + std::string(43, '\0'),
        "prt_" + std::string(41, 'A') + "\xc3\xa4",
    };
    for (auto const& other : others) CHECK_FALSE(digest_of(other));
}
