#include "programs/porterd/console.hpp"

#include <unistd.h>

#include <cerrno>

namespace porter::programs {
namespace {

void write_all(int file, std::string_view text)
{
    while (!text.empty()) {
        auto const written = ::write(file, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (written == 0 || errno != EINTR) {
            return;
        }
    }
}

}  // namespace

void say(std::string_view text)
{
    write_all(STDOUT_FILENO, text);
}

void complain(std::string_view line)
{
    std::string text = "porterd: ";
    text.append(line).append(1, '\n');
    write_all(STDERR_FILENO, text);
}

bool is_on_terminal()
{
    return ::isatty(STDOUT_FILENO) == 1;
}

bool can_ask()
{
    return ::isatty(STDIN_FILENO) == 1 && is_on_terminal();
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
