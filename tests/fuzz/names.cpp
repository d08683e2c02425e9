// Names and passwords in their normal forms, and text as it is shown. Input: what was typed.
#include <utf8proc.h>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

namespace base = detail::base;

/// Whether any code point is of a category for which `is_meant` says so; invalid UTF-8 is, too.
template <typename Predicate>
bool any_code_point(std::string_view text, Predicate is_meant)
{
    auto const* at = reinterpret_cast<utf8proc_uint8_t const*>(text.data());
    auto left = static_cast<utf8proc_ssize_t>(text.size());
    while (left > 0) {
        utf8proc_int32_t code_point = 0;
        auto const taken = utf8proc_iterate(at, left, &code_point);
        if (taken <= 0 || is_meant(code_point)) return true;
        at += taken;
        left -= taken;
    }
    return false;
}

bool has_control(std::string_view text)
{
    return any_code_point(text, [](auto one) { return utf8proc_category(one) == UTF8PROC_CATEGORY_CC; });
}

/// What docs/PROTOCOL.md keeps out of names: all of the categories C and Z but the plain space.
bool has_what_no_name_has(std::string_view text)
{
    return any_code_point(text, [](auto one) {
        auto const category = std::string_view{utf8proc_category_string(one)};
        return category.starts_with('C') || (category.starts_with('Z') && one != ' ');
    });
}

void check_name(std::string_view typed)
{
    auto const name = base::normalise_name(typed);
    if (!name) return require(!name.error().empty(), "a refusal says the rule");
    require(!has_what_no_name_has(*name), "a name holds what can be seen, and plain spaces");
    require(base::count_code_points(*name) <= base::max_name_length, "a name is not too long");
    auto const again = base::normalise_name(*name);
    require(again && *again == *name, "a name stays what it is");
    auto const folded = base::fold_name(*name);
    require(base::fold_name(folded) == folded, "folding twice changes nothing");
    require(base::names_equal(*name, typed), "a name is the same as it was typed");
    require(base::valid_utf8(folded), "a folded name is valid UTF-8");
}

void check_password(std::string_view typed)
{
    auto const password = base::normalise_password(typed);
    if (!password) return require(!password.error().empty(), "a refusal says the rule");
    require(!has_control(password->view()), "a password holds no control characters");
    require(base::count_code_points(password->view()) <= base::max_password_length, "a password is not too long");
    auto const again = base::normalise_password(password->view());
    require(again && again->view() == password->view(), "a password stays what it is");
}

void check_shown(std::string_view text)
{
    auto const shown = base::escape(text);
    require(!has_control(shown), "what is shown holds no control characters");
    require(base::valid_utf8(shown), "what is shown is valid UTF-8");
    require(base::escape(shown) == shown, "what can be shown is shown as it is");
    require(base::display_width(shown) <= 2 * shown.size(), "no letter is wider than two columns");
}

}  // namespace

void check(std::string_view typed)
{
    check_name(typed);
    check_password(typed);
    check_shown(typed);
}

}  // namespace porter::fuzzing
