// The keyboard variants of a password. Input: a text; if it is not UTF-8, it is ignored.
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
    auto const transliteration = transliterated(text);
    for (auto const* variant : {&latin, &cyrillic, &transliteration}) {
        require(valid_utf8(variant->view()), "a variant is valid UTF-8");
        require(variant->view().size() <= 3 * text.size(), "a variant fits into its buffer");
    }
    require(count_code_points(latin.view()) == count_code_points(text), "each key gives one letter");
    require(count_code_points(cyrillic.view()) == count_code_points(text), "each key gives one letter");
    require(as_latin_keys(cyrillic.view()).view() == latin.view(), "the Latin keys can be restored");
    require(as_cyrillic_keys(latin.view()).view() == cyrillic.view(), "the Cyrillic keys can be restored");
    require(transliterated(transliteration.view()).view() == transliteration.view(),
            "transliterating twice changes nothing");

    auto const canonical = canonical_transliteration(text);
    require(valid_utf8(canonical.view()), "a canonical transliteration is valid UTF-8");
    require(canonical.view().size() <= transliteration.view().size(), "it fits into its buffer");
    require(canonical_transliteration(transliteration.view()).view() == canonical.view(),
            "it is the same for the transliteration");

    for (std::size_t const count : {0U, 1U, 7U, 100U}) {
        auto const first = first_code_points(text, count);
        require(text.starts_with(first) && valid_utf8(first), "a prefix has whole code points");
        require(count_code_points(first) == std::min(count, count_code_points(text)),
                "a prefix has the requested length");
    }
}

}  // namespace porter::fuzzing
