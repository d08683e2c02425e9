#include "auth/strength.hpp"

#include "auth/readings.hpp"
#include "support/catch.hpp"

using namespace porter::rooms;

namespace {

bool is_weak(std::string_view password, std::string_view name = "Bartholomew Quist")
{
    auto const why = auth::why_guessable(base::secret{password}, name);
    CHECK((!why || !why->empty()));
    return why.has_value();
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

TEST_CASE("what nobody tries first is good however it is written")
{
    for (auto const* password : {"xK9$vQ2w", "Ж4ъЩю!зХ", "plum velvet orbit 41", "correct horse",
                                 "съешь ещё этих булок", "crème brûlée à la façon"}) {
        CAPTURE(password);
        CHECK_FALSE(is_weak(password));
    }
}

TEST_CASE("what stands after the first hundred characters makes nothing weaker or stronger")
{
    CHECK(is_weak(std::string(100, 'a') + "xK9$vQ2w plum velvet orbit"));
    CHECK_FALSE(is_weak("xK9$vQ2w" + std::string(248, 'a')));
}

TEST_CASE("readings change what they know and leave the rest")
{
    CHECK(auth::as_latin_keys("йцукен, 123").view() == "qwerty, 123");
    CHECK(auth::as_cyrillic_keys("gfhjkm 1").view() == "пароль 1");
    CHECK(auth::transliterated("щёлочь 1").view() == "scheloch 1");
    CHECK(auth::first_code_points("аб\U0001f6aav", 3) == "аб\U0001f6aa");
    CHECK(auth::first_code_points("ab", 3) == "ab");
    CHECK(auth::first_code_points("", 3).empty());
}
