#include "programs/porter/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "programs/porter/line_editor.hpp"
#include "terminal/wrap.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

void console::print(std::string_view line)
{
    if (!quiet_) info(line);
}

void console::note(std::string_view line)
{
    if (on_terminal_ && !quiet_) write_line(STDERR_FILENO, line);
}

void console::info(std::string_view line)
{
    write_line(on_terminal_ ? STDOUT_FILENO : STDERR_FILENO, line);
}

void console::error(std::string_view line)
{
    write_line(STDERR_FILENO, fmt::format("porter: {}", line));
}

void console::prompt(std::string_view text)
{
    write(STDOUT_FILENO, text);
}

void console::write_line(int descriptor, std::string_view line)
{
    bool const is_terminal = detail::terminal::is_terminal(descriptor);
    auto text = is_terminal ? detail::terminal::wrap_at_blanks(line, detail::terminal::columns_of(descriptor))
                            : std::string{line};
    write(descriptor, text + '\n');
}

void console::write(int descriptor, std::string_view text)
{
    if (editor_) editor_->hide();
    detail::terminal::write_all(descriptor, text);
    if (editor_) editor_->show();
}

}  // namespace porter::programs
