#include "auth/keyboard_variants.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.hpp"

namespace porter::detail::auth {
namespace {

struct key {
    std::string_view cyrillic;
    std::string_view latin;
};

constexpr std::array<key, 33> keyboard{
    {{"й", "q"}, {"ц", "w"}, {"у", "e"}, {"к", "r"}, {"е", "t"}, {"н", "y"}, {"г", "u"}, {"ш", "i"}, {"щ", "o"},
     {"з", "p"}, {"х", "["}, {"ъ", "]"}, {"ф", "a"}, {"ы", "s"}, {"в", "d"}, {"а", "f"}, {"п", "g"}, {"р", "h"},
     {"о", "j"}, {"л", "k"}, {"д", "l"}, {"ж", ";"}, {"э", "'"}, {"я", "z"}, {"ч", "x"}, {"с", "c"}, {"м", "v"},
     {"и", "b"}, {"т", "n"}, {"ь", "m"}, {"б", ","}, {"ю", "."}, {"ё", "`"}}};

/// The keys other than letters that differ.
constexpr std::array<key, 8> marks{
    {{"\"", "@"}, {"№", "#"}, {";", "$"}, {":", "^"}, {"?", "&"}, {".", "/"}, {",", "?"}, {"/", "|"}}};

constexpr std::array<key, 38> letters{
    {{"а", "a"},  {"б", "b"},  {"в", "v"},   {"г", "g"}, {"д", "d"}, {"е", "e"}, {"ё", "e"}, {"ж", "zh"},
     {"з", "z"},  {"и", "i"},  {"й", "y"},   {"к", "k"}, {"л", "l"}, {"м", "m"}, {"н", "n"}, {"о", "o"},
     {"п", "p"},  {"р", "r"},  {"с", "s"},   {"т", "t"}, {"у", "u"}, {"ф", "f"}, {"х", "h"}, {"ц", "ts"},
     {"ч", "ch"}, {"ш", "sh"}, {"щ", "sch"}, {"ъ", ""},  {"ы", "y"}, {"ь", ""},  {"э", "e"}, {"ю", "yu"},
     {"я", "ya"}, {"і", "i"},  {"ї", "i"},   {"є", "e"}, {"ґ", "g"}, {"ў", "u"}}};

struct fold {
    std::string_view from;
    std::string_view to;
};

/// What transliteration schemes and common usage write for one letter. The first match applies, so longer ones come
/// first. tools/passwords/spelling.py reads this table and the two above.
constexpr std::array<fold, 20> folds{{{"shch", "sh"}, {"sch", "sh"}, {"shh", "sh"}, {"sh", "sh"}, {"ch", "ch"},
                                      {"kh", "h"},    {"ks", "h"},   {"x", "h"},    {"t's", "k"}, {"t`s", "k"},
                                      {"ts", "k"},    {"tz", "k"},   {"cz", "k"},   {"c", "k"},   {"q", "k"},
                                      {"w", "v"},     {"y", "i"},    {"j", "i"},    {"'", ""},    {"`", ""}}};

std::size_t length_of_first(std::string_view text) noexcept
{
    std::size_t length = 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U) ++length;
    return length;
}

template <typename Table>
base::secret replaced(std::string_view text, Table const& table, std::string_view key::* from,
                      std::string_view key::* to)
{
    std::string result;
    result.reserve(
        3 * text.size());  // a replacement is at most three times as long: the buffer that is wiped below never moves
    while (!text.empty()) {
        auto const one = text.substr(0, length_of_first(text));
        auto const found = std::ranges::find(table, one, from);
        result += found == table.end() ? one : (*found).*to;
        text.remove_prefix(one.size());
    }
    base::secret kept{result};
    base::wipe(result);
    return kept;
}

/// Schemes differ most in i, й, ы and soft vowels: treats ii, iy, iye, yo and e as equal.
void append_soft(std::string& result, char letter)
{
    bool const is_after_i = result.ends_with('i');
    if (is_after_i && (letter == 'e' || letter == 'o')) {
        result.back() = 'e';
    } else if (!is_after_i || letter != 'i') {
        result += letter;
    }
}

base::secret in_lower_case(std::string_view password)
{
    auto folded = base::fold_name(password);
    base::secret kept{folded};
    base::wipe(folded);
    return kept;
}

}  // namespace

base::secret as_latin_keys(std::string_view text)
{
    return replaced(text, keyboard, &key::cyrillic, &key::latin);
}

base::secret as_cyrillic_keys(std::string_view text)
{
    return replaced(text, keyboard, &key::latin, &key::cyrillic);
}

base::secret transliterated(std::string_view text)
{
    return replaced(text, letters, &key::cyrillic, &key::latin);
}

base::secret canonical_transliteration(std::string_view text)
{
    auto const latin = transliterated(text);
    std::string result;
    result.reserve(latin.view().size());  // no fold is longer: the buffer that is wiped below never moves
    for (auto left = latin.view(); !left.empty();) {
        auto const fits = [left](fold const& each) { return left.starts_with(each.from); };
        auto const found = std::ranges::find_if(folds, fits);
        auto const from = found == folds.end() ? left.substr(0, 1) : found->from;
        for (char const letter : found == folds.end() ? from : found->to) append_soft(result, letter);
        left.remove_prefix(from.size());
    }
    base::secret kept{result};
    base::wipe(result);
    return kept;
}

std::string_view first_code_points(std::string_view text, std::size_t count) noexcept
{
    std::size_t end = 0;
    for (; count > 0 && end < text.size(); --count) end += length_of_first(text.substr(end));
    return text.substr(0, end);
}

std::array<base::secret, 6> keyboard_variants(base::secret const& password, std::size_t length)
{
    auto const cut = [length](base::secret const& text) {
        return base::secret{first_code_points(text.view(), length)};
    };
    auto original = cut(password);
    auto lower = cut(in_lower_case(original.view()));
    auto latin_marks = replaced(original.view(), marks, &key::cyrillic, &key::latin);  // case folding changes №
    auto latin_keys = cut(as_latin_keys(in_lower_case(latin_marks.view()).view()));
    auto cyrillic_keys = as_cyrillic_keys(lower.view());
    auto transliteration = cut(transliterated(lower.view()));
    auto both = cut(transliterated(cyrillic_keys.view()));
    return {std::move(original),      std::move(lower),           std::move(latin_keys),
            std::move(cyrillic_keys), std::move(transliteration), std::move(both)};
}

}  // namespace porter::detail::auth
