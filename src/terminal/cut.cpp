#include "terminal/cut.hpp"

#include <string_view>

#include "base/text.hpp"

namespace porter::detail::terminal {

std::string cut_text(std::string const& text, std::size_t columns)
{
    if (base::display_width(text) <= columns) return text;
    if (columns == 0) return {};
    constexpr auto is_continuation = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; };
    std::size_t kept = 0;
    std::size_t used = 1;  // of the ellipsis
    while (kept < text.size()) {
        auto end = kept + 1;
        while (end < text.size() && is_continuation(text[end])) ++end;
        used += base::display_width(std::string_view{text}.substr(kept, end - kept));
        if (used > columns) break;
        kept = end;
    }
    return text.substr(0, kept) + "…";
}

std::string fit_text(std::string const& text, std::size_t columns)
{
    auto fitted = cut_text(text, columns);
    auto const used = base::display_width(fitted);  // one less than the columns where a wide character was cut
    if (used < columns) fitted.append(columns - used, ' ');
    return fitted;
}

}  // namespace porter::detail::terminal
