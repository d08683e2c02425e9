#pragma once

#include <histedit.h>
#include <termios.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porter/task.hpp"
#include "programs/porter/line_layout.hpp"
#include "programs/porter/readiness.hpp"

namespace porter::programs {

/// The line at the bottom of a terminal where a person types: editing keys and a history by libedit, which is fed a
/// key whenever one is there, so that the network goes on meanwhile. It draws nothing: this does, with lay_out(). What
/// is printed goes between hide() and show(), and the prompt with the half-typed line comes again after it.
class line_editor {
public:
    explicit line_editor(io_executor executor);
    ~line_editor();
    line_editor(line_editor const&) = delete;
    line_editor& operator=(line_editor const&) = delete;

    /// Shows the prompt. The terminal gives each key as it is pressed until close().
    void open();
    void close();
    bool is_open() const noexcept { return open_; }

    /// Waits for a whole line, without its end; none at the end of input (Ctrl-D on an empty line) or after
    /// interrupt().
    task<std::optional<std::string>> read_line();

    /// Ends read_line(), now and from now on.
    void interrupt();

    /// Drops what is typed of a line. False: nothing was.
    bool clear();

    /// Takes the prompt off the screen, and puts it there again. Nothing when it is not open.
    void hide();
    void show();

    /// Gives the terminal back while the program is stopped (Ctrl-Z), and takes it again.
    void suspend();
    void resume();

    /// The terminal has another size.
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
    void clear_screen();
    void draw();
    void draw(std::string_view line, std::size_t cursor);

    readiness keys_;
    struct ::termios before_;  // the terminal's modes, which libedit changes from its beginning on
    std::unique_ptr<History, end_history> history_;
    std::unique_ptr<std::FILE, close_file> unseen_;  // where libedit would draw
    std::unique_ptr<EditLine, end_line> line_;
    line_layout drawn_;  // what stands on the screen; empty: nothing
    bool open_ = false;
    bool in_key_ = false;   // a character of the key was taken already
    std::wstring pending_;  // characters for libedit, of a key that is more than one
    wchar_t last_key_ = 0;
    bool ended_ = false;
};

}  // namespace porter::programs
