#include "base/text.hpp"

#include <sodium/utils.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace porter::detail::base {
namespace {

using code_point = utf8proc_int32_t;

constexpr int nfc_form = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
constexpr int folded_form = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;

// A character is the composition of at most four: a starter and three marks (Unicode Standard Annex 15).
constexpr std::size_t max_decomposition = 4;

utf8proc_uint8_t const* bytes_of(std::string_view text) noexcept
{
    return reinterpret_cast<utf8proc_uint8_t const*>(text.data());
}

/// The text in another normalisation form, or none when it is not valid UTF-8. A secret, as it may be a password.
std::optional<secret> transform(std::string_view text, int form)
{
    auto const options = static_cast<utf8proc_option_t>(form);
    auto const length = static_cast<utf8proc_ssize_t>(text.size());
    auto const needed = utf8proc_decompose(bytes_of(text), length, nullptr, 0, options);
    if (needed < 0) return std::nullopt;
    std::vector<code_point> buffer(static_cast<std::size_t>(needed) + 1);  // one more: reencode adds a zero
    utf8proc_decompose(bytes_of(text), length, buffer.data(), needed, options);
    auto const written = utf8proc_reencode(buffer.data(), needed, options);
    std::optional<secret> transformed;
    if (written >= 0) {
        transformed.emplace(
            std::string_view{reinterpret_cast<char const*>(buffer.data()), static_cast<std::size_t>(written)});
    }
    sodium_memzero(buffer.data(), buffer.size() * sizeof(code_point));
    return transformed;
}

/// Calls `callback(code point, its bytes)` for each code point, and with -1 for each invalid byte.
template <typename Callback>
void for_each_code_point(std::string_view text, Callback callback)
{
    while (!text.empty()) {
        code_point current = -1;
        auto const length = static_cast<utf8proc_ssize_t>(text.size());
        auto const taken = utf8proc_iterate(bytes_of(text), length, &current);
        std::size_t const size = taken > 0 ? static_cast<std::size_t>(taken) : 1;
        callback(taken > 0 ? current : -1, text.substr(0, size));
        text.remove_prefix(size);
    }
}

/// Whether a text certainly has more than `limit` code points after NFC. A cheap check before normalising, which sorts
/// each run of marks in quadratic time.
bool is_far_too_long(std::string_view text, std::size_t limit)
{
    if (count_code_points(text) > max_decomposition * limit) return true;
    std::size_t run = 0;
    std::size_t left_over = 0;  // marks that cannot be composed with a character
    for_each_code_point(text, [&](code_point character, std::string_view) {
        run = utf8proc_get_property(character)->combining_class != 0 ? run + 1 : 0;
        if (run >= max_decomposition) ++left_over;
    });
    return left_over > limit;
}

/// The rule for names that a character violates; empty: none.
std::string_view violated_rule(code_point character)
{
    if (utf8proc_get_property(character)->ignorable) return "a name may not contain invisible characters";
    switch (utf8proc_category(character)) {
        case UTF8PROC_CATEGORY_CC:
            return "a name may not contain control characters";
        case UTF8PROC_CATEGORY_CF:
            return "a name may not contain invisible characters";
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_CS:
            return "a name may only contain characters that Unicode defines";
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return character == ' ' ? std::string_view{} : "the only space in a name is the plain one";
        default:
            return {};
    }
}

/// Characters that move the cursor, control the terminal, or change the text direction.
bool is_unsafe_to_show(code_point character)
{
    bool const mark = character == 0x061c || character == 0x200e || character == 0x200f;
    bool const embedding = character >= 0x202a && character <= 0x202e;
    bool const isolate = character >= 0x2066 && character <= 0x2069;
    if (mark || embedding || isolate) return true;
    auto const category = utf8proc_category(character);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

void append_hex(std::string& out, std::uint32_t value, int least_digits)
{
    constexpr std::string_view digits = "0123456789abcdef";
    int count = least_digits;
    while (count < 8 && (value >> (4 * count)) != 0) ++count;
    while (count-- > 0) out += digits[(value >> (4 * count)) & 0xf];
}

void append_escaped(std::string& out, code_point character)
{
    switch (character) {
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    bool const ascii = character < 0x80;
    out += ascii ? "\\x" : "\\u{";
    append_hex(out, static_cast<std::uint32_t>(character), ascii ? 2 : 1);
    if (!ascii) out += '}';
}

}  // namespace

std::optional<std::string> nfc(std::string_view text)
{
    auto const normal = transform(text, nfc_form);
    if (!normal) return std::nullopt;
    return std::string{normal->view()};
}

std::size_t count_code_points(std::string_view text) noexcept
{
    auto const starts = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts));
}

result<std::string, std::string> normalise_new_name(std::string_view typed)
{
    auto name = normalise_name(typed);
    static_assert(max_folded_name == 256);
    if (name && count_code_points(fold_name(*name)) > max_folded_name) {
        return unexpected(std::string{"a name has at most 256 characters when its ligatures are written out"});
    }
    return name;
}

std::string fold_name(std::string_view name)
{
    auto const folded = transform(name, folded_form);
    return folded ? std::string{folded->view()} : std::string{};
}

std::string lower(std::string text)
{
    for (auto& letter : text) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return text;
}

std::size_t display_width(std::string_view text) noexcept
{
    std::size_t columns = 0;
    for_each_code_point(text, [&](code_point character, std::string_view) {
        int const width = character < 0 ? 1 : utf8proc_charwidth(character);
        columns += static_cast<std::size_t>(std::max(width, 0));
    });
    return columns;
}

}  // namespace porter::detail::base

namespace porter {

using namespace detail::base;

result<std::string, std::string> normalise_name(std::string_view typed)
{
    auto const reject = [](std::string_view rule) { return unexpected(std::string{rule}); };
    constexpr std::string_view too_long = "a name has at most 64 characters";
    static_assert(max_name_length == 64);
    if (typed.empty()) return reject("a name has at least one character");
    if (is_far_too_long(typed, max_name_length)) return reject(too_long);
    auto name = nfc(typed);
    if (!name) return reject("a name must be valid UTF-8");
    if (count_code_points(*name) > max_name_length) return reject(too_long);
    std::string_view violation;
    for_each_code_point(*name, [&](code_point character, std::string_view) {
        if (violation.empty()) violation = violated_rule(character);
    });
    if (!violation.empty()) return reject(violation);
    if (name->front() == ' ' || name->back() == ' ') return reject("a name may not begin or end with a space");
    if (name->find("  ") != std::string::npos) return reject("a name may not contain two spaces in a row");
    return std::move(*name);
}

bool names_equal(std::string_view a, std::string_view b)
{
    // Folding is defined on normalised text: marks such as U+0345 fold differently otherwise.
    auto const fold = [](std::string_view text) -> std::optional<secret> {
        auto const normal = transform(text, nfc_form);
        if (!normal) return std::nullopt;
        return transform(normal->view(), folded_form);
    };
    auto const left = fold(a);
    auto const right = fold(b);
    return left && right && left->view() == right->view();
}

result<secret, std::string> normalise_password(std::string_view typed)
{
    auto const reject = [](std::string_view rule) { return unexpected(std::string{rule}); };
    constexpr std::string_view too_long = "a password has at most 256 characters";
    static_assert(max_password_length == 256);
    if (is_far_too_long(typed, max_password_length)) return reject(too_long);
    auto password = transform(typed, nfc_form);
    if (!password) return reject("a password must be valid UTF-8");
    if (count_code_points(password->view()) > max_password_length) return reject(too_long);
    bool has_control = false;
    for_each_code_point(password->view(), [&](code_point character, std::string_view) {
        has_control = has_control || utf8proc_category(character) == UTF8PROC_CATEGORY_CC;
    });
    if (has_control) return reject("a password may not contain control characters");
    return std::move(*password);
}

std::string escape(std::string_view text)
{
    std::string shown;
    shown.reserve(text.size());
    for_each_code_point(text, [&](code_point character, std::string_view bytes) {
        if (character < 0) {
            shown += "\\x";
            append_hex(shown, static_cast<unsigned char>(bytes.front()), 2);
        } else if (is_unsafe_to_show(character)) {
            append_escaped(shown, character);
        } else {
            shown += bytes;
        }
    });
    return shown;
}

}  // namespace porter
