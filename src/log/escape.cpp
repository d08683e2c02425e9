#include "log/escape.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <cstdint>
#include <iterator>

namespace porter::detail::log {
namespace {

/// A code point, or one byte that is not UTF-8.
struct character {
    std::int32_t code_point = -1;  ///< -1: not UTF-8
    std::size_t size = 1;
};

character first_character(std::string_view text)
{
    std::int32_t code_point = -1;
    auto const* bytes = reinterpret_cast<utf8proc_uint8_t const*>(text.data());
    auto const size = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    if (size <= 0) return {};
    return {code_point, static_cast<std::size_t>(size)};
}

/// Whether the character is visible and does not move or reorder others.
bool is_visible(std::int32_t code_point)
{
    switch (utf8proc_category(code_point)) {
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return false;
        default:
            return true;
    }
}

/// The two-character escapes that text lines and JSON share, or 0.
char short_escape(std::int32_t code_point)
{
    switch (code_point) {
        case '"':
            return '"';
        case '\\':
            return '\\';
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        default:
            return 0;
    }
}

/// Calls `append` for each character up to max_value_bytes; false: the text was cut.
template <typename Append>
bool for_each_character(std::string_view text, Append append)
{
    std::size_t done = 0;
    while (done < text.size()) {
        auto const rest = text.substr(done);
        auto const next = first_character(rest);
        if (done + next.size > max_value_bytes) return false;
        append(next, rest.substr(0, next.size));
        done += next.size;
    }
    return true;
}

void append_json_unit(std::string& line, std::int32_t unit)
{
    fmt::format_to(std::back_inserter(line), "\\u{:04x}", unit);
}

void append_json_code_point(std::string& line, std::int32_t code_point)
{
    if (code_point < 0x10000) return append_json_unit(line, code_point);
    auto const above = code_point - 0x10000;
    append_json_unit(line, 0xd800 + (above >> 10));
    append_json_unit(line, 0xdc00 + (above & 0x3ff));
}

}  // namespace

bool is_bare(std::string_view text) noexcept
{
    constexpr std::string_view bare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@%+,-";
    return !text.empty() && text.find_first_not_of(bare) == std::string_view::npos;
}

void append_text(std::string& line, std::string_view text)
{
    if (is_bare(text) && text.size() <= max_value_bytes) {
        line += text;
    } else {
        append_quoted(line, text);
    }
}

void append_quoted(std::string& line, std::string_view text)
{
    auto const append = [&line](character next, std::string_view bytes) {
        auto const out = std::back_inserter(line);
        if (char const letter = short_escape(next.code_point)) {
            line += {'\\', letter};
        } else if (next.code_point < 0x80 && (next.code_point < 0x20 || next.code_point == 0x7f)) {
            fmt::format_to(out, "\\x{:02x}", static_cast<unsigned char>(bytes.front()));
        } else if (!is_visible(next.code_point)) {
            fmt::format_to(out, "\\u{{{:x}}}", next.code_point);
        } else {
            line += bytes;
        }
    };
    line += '"';
    bool const complete = for_each_character(text, append);
    line += '"';
    if (!complete) line += "...";
}

void append_json(std::string& line, std::string_view text)
{
    auto const append = [&line](character next, std::string_view bytes) {
        if (next.code_point < 0) {
            line += "\\ufffd";
        } else if (char const letter = short_escape(next.code_point)) {
            line += {'\\', letter};
        } else if (!is_visible(next.code_point)) {
            append_json_code_point(line, next.code_point);
        } else {
            line += bytes;
        }
    };
    line += '"';
    if (!for_each_character(text, append)) line += "\\u2026";
    line += '"';
}

}  // namespace porter::detail::log
