#include "auth/strength.hpp"

#include <zxcvbn.h>

#include <algorithm>
#include <vector>

#include "auth/keyboard_variants.hpp"
#include "base/text.hpp"

namespace porter::detail::auth {
namespace {

constexpr char const* tried_first = "this password is one of the first that an attacker would try";
constexpr double least_bits = 20;  // a million guesses: far more than an hour of online guessing allows

/// The words that a guesser who knows the account would try first, also transliterated.
std::vector<std::string> words_about(std::string_view name)
{
    auto const folded = base::fold_name(name);
    std::vector<std::string> words{"porter", folded};
    for (std::size_t begin = 0; begin < folded.size();) {
        auto const end = std::min(folded.find(' ', begin), folded.size());
        words.push_back(folded.substr(begin, end - begin));
        begin = end + 1;
    }
    auto const count = words.size();
    for (std::size_t each = 0; each < count; ++each) words.emplace_back(transliterated(words[each]).view());
    return words;
}

/// zxcvbn needs a zero-terminated text.
double bits_of(base::secret const& variant, std::vector<char const*>& words)
{
    std::string text{variant.view()};
    auto const bits = ZxcvbnMatch(text.c_str(), words.data(), nullptr);
    base::wipe(text);
    return bits;
}

}  // namespace

std::optional<std::string> strength_error(base::secret const& password, std::string_view name,
                                          common_passwords const& common)
{
    if (base::names_equal(password.view(), name)) return "the password may not be the name";
    if (common.contain(password)) return tried_first;
    auto const words = words_about(name);
    std::vector<char const*> listed;
    for (auto const& each : words) listed.push_back(each.c_str());
    listed.push_back(nullptr);
    auto const variants = keyboard_variants(password, estimated_length);
    for (auto const& each : variants) {
        // Most variants of a Latin password are equal: one estimate is enough.
        auto const first = std::ranges::find(variants, each.view(), &base::secret::view);
        if (&*first != &each) continue;
        if (bits_of(each, listed) < least_bits) return tried_first;
    }
    return std::nullopt;
}

}  // namespace porter::detail::auth
