#include "programs/porterd/console.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "terminal/prompts.hpp"
#include "terminal/write.hpp"

namespace porter::programs {
void say(std::string_view text)
{
    detail::terminal::write_all(STDOUT_FILENO, text);
}

void say_beside_log(std::string_view text)
{
    detail::terminal::write_all(STDERR_FILENO, text);
}

void complain(std::string_view line)
{
    std::string text = "porterd: ";
    text.append(line).append(1, '\n');
    detail::terminal::write_all(STDERR_FILENO, text);
}

void warn(std::string_view line)
{
    complain("warning: " + detail::base::escape(line));
}

bool is_on_terminal()
{
    return detail::terminal::is_terminal(STDOUT_FILENO);
}

bool can_ask()
{
    return detail::terminal::can_ask(STDOUT_FILENO);
}

std::string shell_word(std::string_view text)
{
    constexpr std::string_view harmless = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@%+,=-";
    if (!text.empty() && text.find_first_not_of(harmless) == std::string_view::npos) return std::string{text};
    std::string word = "'";
    for (char const letter : text) {
        if (letter == '\'') {
            word += "'\\''";
        } else {
            word += letter;
        }
    }
    return word + '\'';
}

}  // namespace porter::programs
