#pragma once

#include <string_view>

namespace porter::programs {

class line_editor;

/// Prints the program's own messages: to stdout in an interactive session, else to stderr, since stdout has the
/// received messages. Lines on a terminal are wrapped at blanks.
class console {
public:
    console(bool on_terminal, bool quiet) : on_terminal_(on_terminal), quiet_(quiet) {}

    bool on_terminal() const noexcept { return on_terminal_; }

    /// Prints a line unless --quiet is given.
    void print(std::string_view line);

    /// Prints progress to stderr, in an interactive session without --quiet.
    void note(std::string_view line);

    /// Prints a line also with --quiet: the reply to the user's input.
    void info(std::string_view line);

    /// Prints an error to stderr: "porter: " and the line.
    void error(std::string_view line);

    /// Prints a prompt, without a line feed.
    void prompt(std::string_view text);

    /// The editor to hide while a line is printed; may be null.
    void set_editor(line_editor* editor) noexcept { editor_ = editor; }

private:
    void write_line(int descriptor, std::string_view line);
    void write(int descriptor, std::string_view text);

    bool on_terminal_;
    bool quiet_;
    line_editor* editor_ = nullptr;
};

}  // namespace porter::programs
