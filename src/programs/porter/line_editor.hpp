#pragma once

#include <histedit.h>
#include <termios.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porter/task.hpp"
#include "programs/porter/descriptor_watcher.hpp"
#include "programs/porter/line_layout.hpp"
#include "programs/porter/timer.hpp"

namespace porter::programs {

/// The input line at the bottom of a terminal. libedit does the editing and the history, one key at a time so that it
/// does not block the event loop; this class draws the line, with lay_out(). To print something else, call hide(),
/// print whole lines and call show().
class line_editor {
public:
    explicit line_editor(io_executor executor);
    ~line_editor();
    line_editor(line_editor const&) = delete;
    line_editor& operator=(line_editor const&) = delete;

    /// Shows the prompt, and puts the terminal into non-canonical mode until close(). The line that was being edited
    /// is kept from close() to the next open(); read_line() waits for that.
    void open();
    void close();
    bool is_open() const noexcept { return open_; }

    /// Replaces the prompt.
    void set_prompt(std::string prompt);

    /// Waits for a line, without its line feed. None: the end of input (Ctrl-D on an empty line), or interrupt().
    task<std::optional<std::string>> read_line();

    /// Ends this and every later read_line().
    void interrupt();

    /// Clears the line. False: it was empty.
    bool clear();

    /// Erases the prompt and the line from the screen, and draws them again. No effect unless open.
    void hide();
    void show();

    /// Restores the terminal before the program stops (Ctrl-Z), and sets it up again after it continues.
    void suspend();
    void resume();

    /// Redraws for a new size of the terminal.
    void resized();

private:
    struct end_line {
        void operator()(EditLine* line) const { ::el_end(line); }
    };
    struct close_file {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    struct end_history {
        void operator()(History* history) const { ::history_end(history); }
    };

    static int next_key(EditLine* line, wchar_t* key);
    std::optional<wchar_t> read_character();
    void read_key();
    static line_editor& of(EditLine* line);

    std::optional<std::string> take_key();
    void begin_line();
    void save_line();
    void restore_line();
    void clear_screen();
    void draw();
    void draw(std::string_view line, std::size_t cursor);

    std::string prompt_ = "> ";
    descriptor_watcher input_;
    timer opened_;                  // for read_line()
    struct ::termios saved_modes_;  // of the terminal, before libedit changed them
    std::unique_ptr<History, end_history> history_;
    std::unique_ptr<std::FILE, close_file> null_output_;  // of libedit
    std::unique_ptr<EditLine, end_line> line_;
    line_layout drawn_;  // what the screen shows; empty: nothing
    bool open_ = false;
    std::wstring saved_line_;     // of close()
    int after_saved_cursor_ = 0;  // how many of its characters are after the cursor
    bool in_key_ = false;         // a character of the current key was read
    std::wstring pending_;        // the rest of the current key, for libedit
    wchar_t last_key_ = 0;
    bool ended_ = false;
};

}  // namespace porter::programs
