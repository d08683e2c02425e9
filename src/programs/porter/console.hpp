#pragma once

#include <string_view>

namespace porter::programs {

class line_editor;

/// What the program itself says, apart from what the server sends: to stdout in a conversation on a terminal, else to
/// stderr, since stdout is data there. Its lines are broken at blanks where they go to a terminal.
class console {
public:
    console(bool on_terminal, bool quiet) : on_terminal_(on_terminal), quiet_(quiet) {}

    bool on_terminal() const noexcept { return on_terminal_; }

    /// A line that one can do without: nothing with --quiet.
    void print(std::string_view line);

    /// What happens while a person waits at the terminal, to stderr: nothing elsewhere, or with --quiet.
    void note(std::string_view line);

    /// A line that was asked for, or answers what was typed.
    void info(std::string_view line);

    /// Something went wrong: "porter: " and a line, to stderr.
    void error(std::string_view line);

    /// A question's prompt: no line end.
    void prompt(std::string_view text);

    /// Whose line is at the bottom of the screen from now on; null: nobody's.
    void set_editor(line_editor* editor) noexcept { editor_ = editor; }

private:
    void write_line(int where, std::string_view line);
    void write(int where, std::string_view text);

    bool on_terminal_;
    bool quiet_;
    line_editor* editor_ = nullptr;
};

}  // namespace porter::programs
