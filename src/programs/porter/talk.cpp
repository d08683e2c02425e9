#include "programs/porter/talk.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>

#include "programs/porter/line_editor.hpp"

namespace porter::programs {

void write_all(int descriptor, std::string_view text)
{
    while (!text.empty()) {
        auto const written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

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
    write_all(where, text);
    if (editor_) editor_->show();
}

}  // namespace porter::programs
