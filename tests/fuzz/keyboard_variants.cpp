// What a password may have been on another keyboard. Input: a text; what is no UTF-8 is no password.
#include "auth/keyboard_variants.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {

void check(std::string_view input)
{
    using namespace detail::auth;
    using detail::base::count_code_points;
    using detail::base::valid_utf8;
    if (!valid_utf8(input)) return;
    auto const text = detail::base::fold_name(input);

    auto const latin = as_latin_keys(text);
    auto const cyrillic = as_cyrillic_keys(text);
    auto const spelt = transliterated(text);
    for (auto const* reading : {&latin, &cyrillic, &spelt}) {
        require(valid_utf8(reading->view()), "a reading is valid UTF-8");
        require(reading->view().size() <= 3 * text.size(),
                "no reading is longer than the room that is reserved for it");
    }
    require(count_code_points(latin.view()) == count_code_points(text), "each key gives one letter");
    require(count_code_points(cyrillic.view()) == count_code_points(text), "each key gives one letter");
    require(as_latin_keys(cyrillic.view()).view() == latin.view(), "the keys lead back");
    require(as_cyrillic_keys(latin.view()).view() == cyrillic.view(), "and there again");
    require(transliterated(spelt.view()).view() == spelt.view(), "what is transliterated stays");

    auto const canonical = canonical_transliteration(text);
    require(valid_utf8(canonical.view()), "a canonical spelling is valid UTF-8");
    require(canonical.view().size() <= spelt.view().size(), "it is not longer than the room that is reserved for it");
    require(canonical_transliteration(spelt.view()).view() == canonical.view(),
            "it is that of the transliteration, too");

    for (std::size_t const count : {0U, 1U, 7U, 100U}) {
        auto const first = first_code_points(text, count);
        require(text.starts_with(first) && valid_utf8(first), "a beginning is whole code points");
        require(count_code_points(first) == std::min(count, count_code_points(text)), "as many as were asked for");
    }
}

}  // namespace porter::fuzzing
