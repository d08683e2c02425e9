#include "programs/porterd/console.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "config/values.hpp"
#include "terminal/prompts.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

void print(std::string_view text)
{
    detail::terminal::write_all(STDOUT_FILENO, text);
}

void print_to_stderr(std::string_view text)
{
    detail::terminal::write_all(STDERR_FILENO, text);
}

void print_error(std::string_view line)
{
    std::string text = "porterd: ";
    text.append(line).append(1, '\n');
    detail::terminal::write_all(STDERR_FILENO, text);
}

void print_warning(std::string_view line)
{
    print_error("warning: " + detail::base::escape(line));
}

bool is_on_terminal()
{
    return detail::terminal::is_terminal(STDOUT_FILENO);
}

bool can_prompt()
{
    return detail::terminal::can_ask(STDOUT_FILENO);
}

std::optional<std::uint16_t> ask_port(std::uint16_t proposal)
{
    for (;;) {
        auto const line = detail::terminal::ask(STDOUT_FILENO, "Port [" + std::to_string(proposal) + "]: ");
        if (!line) return std::nullopt;
        if (line->empty()) return proposal;
        auto const port = detail::config::parse_port(*line);
        if (port) return *port;
        print(port.error() + '\n');
    }
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
