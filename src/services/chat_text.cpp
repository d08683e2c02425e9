#include "services/chat_text.hpp"

#include <algorithm>

namespace porter::detail::services {
namespace {

/// The length of the control character or line separator that the text begins with; 0: it begins with another one.
std::size_t control_length(std::string_view text)
{
    auto const first = static_cast<unsigned char>(text.front());
    if (first < 0x20 || first == 0x7f) return 1;
    if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) return 2;           // U+0080 to U+009F
    if (text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9")) return 3;  // U+2028, U+2029
    return 0;
}

}  // namespace

std::string chat_name(std::string_view name)
{
    std::string shown{name};
    std::ranges::replace(shown, ':', '_');
    if (shown.starts_with('*')) shown.front() = '_';
    return shown;
}

void append_as_line(std::string& line, std::string_view text)
{
    line.reserve(line.size() + text.size());
    while (!text.empty()) {
        auto const length = control_length(text);
        line += length == 0 ? text.front() : ' ';
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

}  // namespace porter::detail::services
