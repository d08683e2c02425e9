// Normalised names and passwords, and escaped text. Input: a text.
#include <utf8proc.h>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

namespace base = detail::base;

/// Whether the predicate holds for any code point; true for invalid UTF-8.
template <typename Predicate>
bool any_code_point(std::string_view text, Predicate predicate)
{
    auto const* at = reinterpret_cast<utf8proc_uint8_t const*>(text.data());
    auto remaining = static_cast<utf8proc_ssize_t>(text.size());
    while (remaining > 0) {
        utf8proc_int32_t code_point = 0;
        auto const taken = utf8proc_iterate(at, remaining, &code_point);
        if (taken <= 0 || predicate(code_point)) return true;
        at += taken;
        remaining -= taken;
    }
    return false;
}

bool has_control(std::string_view text)
{
    return any_code_point(text, [](auto code_point) { return utf8proc_category(code_point) == UTF8PROC_CATEGORY_CC; });
}

/// docs/PROTOCOL.md forbids the categories C and Z in names, except the plain space.
bool has_forbidden(std::string_view text)
{
    return any_code_point(text, [](auto code_point) {
        auto const category = std::string_view{utf8proc_category_string(code_point)};
        return category.starts_with('C') || (category.starts_with('Z') && code_point != ' ');
    });
}

void check_name(std::string_view typed)
{
    auto const name = base::normalise_name(typed);
    if (!name) return require(!name.error().empty(), "an error states the rule");
    require(!has_forbidden(*name), "a name has visible characters and plain spaces only");
    require(base::count_code_points(*name) <= base::max_name_length, "a name is not too long");
    auto const again = base::normalise_name(*name);
    require(again && *again == *name, "normalising a name twice changes nothing");
    auto const folded = base::fold_name(*name);
    require(base::fold_name(folded) == folded, "folding twice changes nothing");
    require(base::names_equal(*name, typed), "a name equals its typed form");
    require(base::valid_utf8(folded), "a folded name is valid UTF-8");
}

void check_password(std::string_view typed)
{
    auto const password = base::normalise_password(typed);
    if (!password) return require(!password.error().empty(), "an error states the rule");
    require(!has_control(password->view()), "a password has no control characters");
    require(base::count_code_points(password->view()) <= base::max_password_length, "a password is not too long");
    auto const again = base::normalise_password(password->view());
    require(again && again->view() == password->view(), "normalising a password twice changes nothing");
}

void check_shown(std::string_view text)
{
    auto const shown = base::escape(text);
    require(!has_control(shown), "escaped text has no control characters");
    require(base::valid_utf8(shown), "escaped text is valid UTF-8");
    require(base::escape(shown) == shown, "escaping twice changes nothing");
    require(base::display_width(shown) <= 2 * shown.size(), "no character is wider than two columns");
}

}  // namespace

void check(std::string_view typed)
{
    check_name(typed);
    check_password(typed);
    check_shown(typed);
}

}  // namespace porter::fuzzing
