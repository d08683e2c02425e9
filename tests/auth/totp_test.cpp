// One-time codes by time, with the vectors of the RFCs (promise P11).
#include "auth/totp.hpp"
#include "auth/base32.hpp"
#include "auth/recovery_code.hpp"
#include "support/catch.hpp"

using namespace porter::detail::auth;
using namespace std::string_view_literals;
using porter::timestamp;
using std::chrono::seconds;

namespace {

constexpr auto rfc_secret = "12345678901234567890"sv;

timestamp at(std::int64_t second)
{
    return timestamp{seconds{second}};
}

}  // namespace

TEST_CASE("HOTP gives the codes of RFC 4226")
{
    std::int64_t counter = 0;
    for (auto const* const code :
         {"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"}) {
        CHECK(hotp(rfc_secret, counter++) == code);
    }
}

TEST_CASE("TOTP gives the codes of RFC 6238")
{
    struct vector {
        std::int64_t second;
        char const* code;
    };
    for (auto const& [second, code] :
         {vector{59, "94287082"}, vector{1111111109, "07081804"}, vector{1111111111, "14050471"},
          vector{1234567890, "89005924"}, vector{2000000000, "69279037"}, vector{20000000000, "65353130"}}) {
        CHECK(hotp(rfc_secret, totp_step_of(at(second)), 8) == code);
    }
}

TEST_CASE("a code matches its own step and one before and after it")
{
    auto const now = at(1111111111);
    auto const step = totp_step_of(now);
    for (std::int64_t skew = -3; skew <= 3; ++skew) {
        CAPTURE(skew);
        auto const found = matching_step(rfc_secret, hotp(rfc_secret, step + skew), now);
        if (skew < -1 || skew > 1) {
            CHECK_FALSE(found);
        } else {
            REQUIRE(found);
            CHECK(*found == step + skew);
        }
    }
}

TEST_CASE("a code of another length or secret matches no step")
{
    auto const now = at(59);
    CHECK(matching_step(rfc_secret, "287082", now) == 1);
    for (auto const code : {""sv, "28708"sv, "2870820"sv, "287083"sv, "94287082"sv, "287 82"sv}) {
        CHECK_FALSE(matching_step(rfc_secret, code, now));
    }
    CHECK_FALSE(matching_step("another secret of 20", "287082", now));
}

TEST_CASE("base32 gives the texts of RFC 4648 without padding")
{
    CHECK(encode_base32("").empty());
    CHECK(encode_base32("f") == "MY");
    CHECK(encode_base32("fo") == "MZXQ");
    CHECK(encode_base32("foo") == "MZXW6");
    CHECK(encode_base32("foob") == "MZXW6YQ");
    CHECK(encode_base32("fooba") == "MZXW6YTB");
    CHECK(encode_base32("foobar") == "MZXW6YTBOI");
    CHECK(encode_base32("\xff\xff\xff\xff\xff") == "77777777");
}

TEST_CASE("the URI for an authenticator has the name in percent-encoding and the secret in base32")
{
    CHECK(otpauth_uri("Zo\xc3\xab & co", rfc_secret) ==
          "otpauth://totp/Porter:Zo%C3%AB%20%26%20co?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Porter"
          "&algorithm=SHA1&digits=6&period=30");
}

TEST_CASE("each new secret has 20 bytes and is another one")
{
    auto const one = new_totp_secret();
    CHECK(one.view().size() == totp_secret_size);
    CHECK(one.view() != new_totp_secret().view());
}

TEST_CASE("a recovery code is recognised in any spelling and no other text is one")
{
    auto const code = new_recovery_code();
    REQUIRE(code.view().size() == 19);
    CHECK(code.view() != new_recovery_code().view());
    auto const digest = digest_of_recovery_code(code.view());
    REQUIRE(digest);
    std::string shouted;
    for (auto const letter : code.view()) {
        if (letter != '-') shouted += static_cast<char>(letter >= 'a' ? letter - 'a' + 'A' : letter);
    }
    CHECK(digest_of_recovery_code(shouted) == digest);
    CHECK(digest_of_recovery_code(" " + shouted + " ") == digest);
    CHECK_FALSE(digest_of_recovery_code(shouted + "a"));
    CHECK_FALSE(digest_of_recovery_code(shouted.substr(1)));
    CHECK_FALSE(digest_of_recovery_code("0bcd-efgh-ijkl-mnop"));
    CHECK_FALSE(digest_of_recovery_code("123456"));
    CHECK(digest_of_recovery_code("abcd-efgh-ijkl-mnop") != digest_of_recovery_code("abcd-efgh-ijkl-mnoq"));
}
