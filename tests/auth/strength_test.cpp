#include "auth/strength.hpp"

#include <ctime>

#include "auth/keyboard_variants.hpp"
#include "base/text.hpp"
#include "support/catch.hpp"

using namespace porter::detail;

namespace {

bool is_weak(std::string_view password, std::string_view name = "Bartholomew Quist")
{
    auto const reason = auth::strength_error(base::secret{password}, name);
    CHECK((!reason || !reason->empty()));
    return reason.has_value();
}

}  // namespace

TEST_CASE("passwords that are tried first are weak")
{
    for (auto const* password : {"password", "password1", "P@ssw0rd", "qwertyuiop", "12345678", "iloveyou", "letmein1",
                                 "porter123", "PorterPorter", "aaaaaaaaaaaa", "abcdefghij"}) {
        CAPTURE(password);
        CHECK(is_weak(password));
    }
}

TEST_CASE("passwords that are tried first are weak on the other keyboard too")
{
    for (auto const* password :
         {"йцукенгшщз", "ЙЦУКЕНГШЩЗ", "зфыыцщкв", "gfhjkm123", "GFHJKM123", "ghbdtn", "ЗфЫЫцщкв1"}) {
        CAPTURE(password);
        CHECK(is_weak(password));
    }
}

TEST_CASE("passwords that are tried first are weak in the other alphabet too")
{
    for (auto const* password : {"пароль123", "ПАРОЛЬ123", "любовь123", "портер123"}) {
        CAPTURE(password);
        CHECK(is_weak(password));
    }
}

TEST_CASE("the name and its words are weak in every spelling")
{
    CHECK(is_weak("alexandra", "Alexandra"));
    CHECK(is_weak("АЛЕКСАНДРА", "Александра"));
    CHECK(is_weak("ａｌｅｘａｎｄｒａ", "Alexandra"));
    CHECK(is_weak("bartholomew"));
    CHECK(is_weak("quistquist"));
    CHECK(is_weak("BartholomewQuist1"));
    CHECK(is_weak("александра1", "Александра Крылова"));
    CHECK(is_weak("aleksandra1", "Александра Крылова"));
    CHECK(is_weak("fktrcfylhf", "Александра Крылова"));
    CHECK_FALSE(is_weak("zyxqvorlath", "Александра Крылова"));
}

TEST_CASE("an uncommon password is good in any alphabet")
{
    for (auto const* password : {"xK9$vQ2w", "Ж4ъЩю!зХ", "plum velvet orbit 41", "correct horse",
                                 "съешь ещё этих булок", "crème brûlée à la façon"}) {
        CAPTURE(password);
        CHECK_FALSE(is_weak(password));
    }
}

TEST_CASE("characters after the first thirty make a password neither weaker nor stronger")
{
    CHECK(is_weak(std::string(30, 'a') + "xK9$vQ2w plum velvet orbit"));
    CHECK_FALSE(is_weak(std::string(22, 'a') + "xK9$vQ2w"));
    CHECK_FALSE(is_weak("xK9$vQ2w" + std::string(248, 'a')));
}

TEST_CASE("long passphrases are good in both alphabets")
{
    for (auto const* password : {"the quick brown fox jumps over the lazy dog", "four quiet lanterns",
                                 "в чащах юга жил бы цитрус да но фальшивый экземпляр", "1984 was not an instruction",
                                 "password manager of my grandmother", "qwerty is where my fingers rest"}) {
        CAPTURE(password);
        CHECK_FALSE(is_weak(password));
    }
}

namespace {

double cpu_seconds_of_this_thread()
{
    timespec spent{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

/// `prefix` followed by repetitions of `unit`, at least 200 bytes.
std::string repeated(std::string prefix, std::string_view unit)
{
    while (prefix.size() < 200) prefix += unit;
    return prefix;
}

}  // namespace

// Promise N13. Without a bound 200 of these characters take minutes, with it 40 ms on any build, as zxcvbn has no
// sanitizers. The limit allows for a machine that is ten times slower.
TEST_CASE("the slowest passwords are checked in bounded processor time")
{
    for (auto const& password :
         {repeated("Жq", "65"), repeated("ЖqvZ~Щw", "65"), repeated("Жq", "12"), repeated("Жq", "zx"),
          repeated("Жq", "010203"), repeated("Жq", "p@ssw0rd"), repeated("Жq", "аб"), repeated("Жq", "🚪"),
          repeated("Жq", "a"), repeated("Жq", "l1|!i"), repeated("\ufdfaЖq", "щ")}) {
        CAPTURE(password);
        auto const before = cpu_seconds_of_this_thread();
        auth::strength_error(base::secret{password}, "6 5 56 65 656 565 6565");
        CHECK(cpu_seconds_of_this_thread() - before < 0.5);
    }
}

TEST_CASE("no variant of a password is longer than the estimated length")
{
    for (auto const& password :
         {repeated("Ж", "q"), repeated("Q", "щ"), repeated("Q", "\ufdfa"), repeated("Ж", "🚪"), repeated("", "65")}) {
        CAPTURE(password);
        for (auto const& each : auth::keyboard_variants(base::secret{password}, auth::estimated_length)) {
            CHECK(base::count_code_points(each.view()) <= auth::estimated_length);
        }
    }
}

TEST_CASE("variants replace the characters that they know")
{
    CHECK(auth::as_latin_keys("йцукен, 123").view() == "qwerty, 123");
    CHECK(auth::keyboard_variants(base::secret{"!Й\"ц№У;к"}, 8)[2].view() == "!q@w#e$r");
    CHECK(auth::as_cyrillic_keys("gfhjkm 1").view() == "пароль 1");
    CHECK(auth::transliterated("щёлочь 1").view() == "scheloch 1");
    CHECK(auth::first_code_points("аб\U0001f6aav", 3) == "аб\U0001f6aa");
    CHECK(auth::first_code_points("ab", 3) == "ab");
    CHECK(auth::first_code_points("", 3).empty());
}
