#include "programs/porter/talk.hpp"

#include <unistd.h>

#include <string>

#include "programs/porter/line_editor.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

void talk::say(std::string_view line)
{
    if (!quiet_) tell(line);
}

void talk::tell(std::string_view line)
{
    write(on_terminal_ ? STDOUT_FILENO : STDERR_FILENO, std::string{line} + '\n');
}

void talk::complain(std::string_view line)
{
    write(STDERR_FILENO, "porter: " + std::string{line} + '\n');
}

void talk::prompt(std::string_view text)
{
    write(STDOUT_FILENO, text);
}

void talk::write(int where, std::string_view text)
{
    if (editor_) editor_->hide();
    rooms::terminal::write_all(where, text);
    if (editor_) editor_->show();
}

}  // namespace porter::programs
