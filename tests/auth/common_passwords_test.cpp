// Promise P7 of SECURITY.md: common passwords are denied as typed, on the other keyboard, and transliterated.
#include "auth/common_passwords.hpp"

#include <array>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "auth/keyboard_variants.hpp"
#include "auth/strength.hpp"
#include "support/catch.hpp"

using namespace porter::detail;

namespace {

bool is_common(std::string_view password)
{
    return auth::common_passwords::built_in().contain(base::secret{password});
}

std::string canonical(std::string_view text)
{
    return std::string{auth::canonical_transliteration(text).view()};
}

/// The output of make_filter.py for the canonical spellings "vitaminni" and "kapusta8".
constexpr auto made_of_two = std::to_array<unsigned char>(
    {0x50, 0x4f, 0x52, 0x54, 0x45, 0x52, 0x43, 0x50, 0x01, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00, 0x00, 0x30, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc9, 0xba, 0x76, 0x5d, 0xbb, 0x24});

}  // namespace

TEST_CASE("passwords of public lists are weak")
{
    for (auto const* password : {"q1w2e3r4t5", "4815162342", "qweasdzxc", "1029384756", "123qweasdzxc", "1qaz2wsx3edc",
                                 "192837465", "mersedes", "romashka", "vkontakte", "skorpion", "a1s2d3f4",
                                 "qazwsxedcrfv", "13243546", "zxcasdqwe", "VKontakte"}) {
        CAPTURE(password);
        CHECK(is_common(password));
        CHECK(auth::strength_error(base::secret{password}, "Bartholomew Quist"));
    }
}

TEST_CASE("keyboard walks are weak in either direction and on either keyboard")
{
    for (auto const* password :
         {"5t4r3e2w1q", "1029384756", "6574839201", "a1s2d3f4g5", "1qaz@WSX",   "!QAZ2wsx",  "0okm9ijn8uhb",
          "poi098lkj",  "йцуфывячс",  "й1ц2у3к4",   "ячсфывйцу",  "=-0987654",  "юбьтимсчя", "1йфя2цыч",
          "147258369",  "qwaszx12",   "qqwweerrtt", "1q2w3e4r",   "1й2ц3у4к5е", "z9x8c7v6"}) {
        CAPTURE(password);
        CHECK(is_common(password));
    }
}

TEST_CASE("a Russian word is weak in Cyrillic and on Latin keys and in every transliteration")
{
    for (auto const& spellings : std::vector<std::vector<char const*>>{
             {"солнышко", "СОЛНЫШКО", "cjkysirj", "CJKYSIRJ", "solnyshko", "solnishko", "solny'shko", "Солнышко"},
             {"виктория", "dbrnjhbz", "viktoriya", "viktorija", "viktoriia", "victoria", "wiktoriya"},
             {"приветик", "ghbdtnbr", "privetik"},
             {"максимка", "vfrcbvrf", "maksimka", "maxymka"},
             {"красотка", "rhfcjnrf", "krasotka"},
             {"скорпион", "crjhgbjy", "skorpion", "scorpion"},
             {"принцесса", "ghbywtccf", "printsessa", "princessa", "printzessa", "princzessa"},
             {"регистрация", "htubcnhfwbz", "registratsiya", "registraciya", "registraczija", "registracija"},
             {"апельсин", "fgtkmcby", "apelsin", "apel'sin", "apel`sin"},
             {"защищённый", "защищенный", "pfobotyysq", "zaschischennyy", "zashchishchyonnyi", "zashhishhyonnyj"},
             {"художник", "[elj;ybr", "khudozhnik", "hudojnik", "xudozhnik"},
             {"любимая", "k.,bvfz", "lyubimaya", "ljubimaja", "liubimaia"}}) {
        for (auto const* spelling : spellings) {
            CAPTURE(spelling);
            CHECK(auth::strength_error(base::secret{spelling}, "Bartholomew Quist"));
        }
    }
}

TEST_CASE("an English password is weak transliterated to Cyrillic and on Cyrillic keys")
{
    for (auto const* password : {"ыгтыршту", "скорпион", "мерседес", "вконтакте", "пассворд"}) {
        CAPTURE(password);
        CHECK(is_common(password));
    }
}

TEST_CASE("a good password is not common")
{
    for (auto const* password : {"xK9$vQ2w", "Ж4ъЩю!зХ", "plum velvet orbit 41", "correct horse battery staple",
                                 "съешь ещё этих булок", "crème brûlée à la façon", "four quiet lanterns",
                                 "в чащах юга жил бы цитрус", "lamp of brass lamp of brass"}) {
        CAPTURE(password);
        CHECK_FALSE(is_common(password));
    }
}

TEST_CASE("of random passwords fewer than one in a thousand is common")
{
    std::mt19937 source{7};
    std::uniform_int_distribution<int> letter{'!', '~'};
    auto taken_for_common = 0;
    for (auto left = 5000; left > 0; --left) {
        std::string password(12, ' ');
        for (auto& each : password) each = static_cast<char>(letter(source));
        taken_for_common += is_common(password) ? 1 : 0;
    }
    CHECK(taken_for_common < 5);
}

TEST_CASE("all schemes of transliteration have one canonical spelling")
{
    for (auto const& [text, spelling] : std::vector<std::pair<char const*, char const*>>{{"солнышко", "solnishko"},
                                                                                         {"solnyshko", "solnishko"},
                                                                                         {"щёлочь", "sheloch"},
                                                                                         {"shchyoloch'", "sheloch"},
                                                                                         {"schjoloch", "sheloch"},
                                                                                         {"shhyoloch`", "sheloch"},
                                                                                         {"царица", "karika"},
                                                                                         {"tsaritza", "karika"},
                                                                                         {"czaricza", "karika"},
                                                                                         {"carica", "karika"},
                                                                                         {"хлебушек", "hlebushek"},
                                                                                         {"khlebushek", "hlebushek"},
                                                                                         {"xlebushek", "hlebushek"},
                                                                                         {"wikipedija", "vikipedia"},
                                                                                         {"википедия", "vikipedia"},
                                                                                         {"настроение", "nastroene"},
                                                                                         {"nastroeniye", "nastroene"},
                                                                                         {"бриться", "brikia"},
                                                                                         {"brit'sya", "brikia"},
                                                                                         {"brit`sja", "brikia"},
                                                                                         {"alexej", "alehei"},
                                                                                         {"алексей", "alehei"},
                                                                                         {"queen 12!", "kueen 12!"},
                                                                                         {"", ""},
                                                                                         {"''", ""}}) {
        CAPTURE(text);
        CHECK(canonical(text) == spelling);
    }
}

TEST_CASE("a filter is read as make_filter.py writes it")
{
    auth::common_passwords const filter{made_of_two};
    for (auto const* password : {"витаминный", "Vitaminnyj", "dbnfvbyysq", "капуста8", "kapusta8", "rfgecnf8"}) {
        CAPTURE(password);
        CHECK(filter.contain(base::secret{password}));
    }
    for (auto const* password : {"витаминка", "капуста9", "password", "солнышко"}) {
        CAPTURE(password);
        CHECK_FALSE(filter.contain(base::secret{password}));
    }
}

TEST_CASE("a file of another format is rejected")
{
    std::vector<unsigned char> file{made_of_two.begin(), made_of_two.end()};
    CHECK_THROWS_AS(auth::common_passwords{std::span{file}.first(31)}, std::invalid_argument);
    CHECK_THROWS_AS(auth::common_passwords{std::span{file}.first(file.size() - 1)}, std::invalid_argument);
    file[8] = 2;
    CHECK_THROWS_AS(auth::common_passwords{file}, std::invalid_argument);
    file[8] = 1;
    file[0] = 'p';
    CHECK_THROWS_AS(auth::common_passwords{file}, std::invalid_argument);
}
