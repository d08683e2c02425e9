#include "programs/porter/console.hpp"

#include <unistd.h>

#include <string>

#include "programs/porter/line_editor.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

void console::print(std::string_view line)
{
    if (!quiet_) info(line);
}

void console::info(std::string_view line)
{
    write(on_terminal_ ? STDOUT_FILENO : STDERR_FILENO, std::string{line} + '\n');
}

void console::error(std::string_view line)
{
    write(STDERR_FILENO, "porter: " + std::string{line} + '\n');
}

void console::prompt(std::string_view text)
{
    write(STDOUT_FILENO, text);
}

void console::write(int where, std::string_view text)
{
    if (editor_) editor_->hide();
    detail::terminal::write_all(where, text);
    if (editor_) editor_->show();
}

}  // namespace porter::programs
