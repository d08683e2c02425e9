#include "terminal/sentence.hpp"

#include "base/text.hpp"

namespace porter::detail::terminal {

std::string sentence(std::string_view reason)
{
    auto text = base::escape(reason);
    if (text.empty()) return text;
    if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    if (std::string_view{".!?"}.find(text.back()) == std::string_view::npos) text += '.';
    return text;
}

}  // namespace porter::detail::terminal
