#pragma once

#include <termios.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"

namespace porter::detail::terminal {

/// The keys that a full screen knows.
enum class key_kind : std::uint8_t {
    character,
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    accept,  ///< Return
    escape,
    backspace,
    remove,  ///< the key Delete
};

/// What was typed.
struct key_press {
    key_kind kind = key_kind::character;
    std::string text{};  ///< of `character`: one character in UTF-8, without controls
};

/// The keys in what was read from a terminal. Sequences and controls that stand for no key of key_press are left out.
std::vector<key_press> keys_of(std::string_view bytes);

enum class line_style : std::uint8_t { plain, bold, selected, error };

/// A line of the screen. Its text has no controls.
struct screen_line {
    std::string text;
    line_style style = line_style::plain;
};

/// The output that draws these lines from the top of a screen of this size: each is cut to the width, and lines beyond
/// the height are left out. `has_styles`: whether they are shown; the text must do without.
std::string drawing_of(std::vector<screen_line> const& lines, std::size_t rows, std::size_t columns, bool has_styles);

/// The terminal of standard input and output, taken over by a program that draws the whole of it, until this is
/// destroyed: with the alternate screen, no cursor, no echo, keys at once, and no line breaks at the right margin. One
/// at a time, on the main thread, in a program without other threads.
///
/// Signals: they are blocked, and read from signal_descriptor(), so that none ends or stops the program before the
/// terminal is restored.
class full_screen {
public:
    /// What pending signals ask for.
    struct signals {
        bool is_changed = false;  ///< the size or the content of the terminal may have changed: draw again
        int exit = 0;             ///< the signal that ends the program; 0: none
    };

    /// Throws std::system_error.
    explicit full_screen(bool has_styles);
    ~full_screen();
    full_screen(full_screen const&) = delete;
    full_screen& operator=(full_screen const&) = delete;

    /// Readable when signals() has something to say.
    int signal_descriptor() const noexcept { return signals_.get(); }

    /// Reads the pending signals. SIGTSTP restores the terminal and stops the job of the shell; SIGCONT takes it over
    /// again.
    signals read_signals();

    /// Reads what was typed; for when standard input is readable. None: the terminal is gone.
    std::optional<std::vector<key_press>> read_keys();

    std::size_t rows() const noexcept;
    std::size_t columns() const noexcept;

    /// Does nothing while the program is in the background.
    void draw(std::vector<screen_line> const& lines);

private:
    void take_over() noexcept;
    void restore() noexcept;

    bool has_styles_;
    bool is_active_ = false;  // it is taken over: not while the program is in the background
    struct ::termios saved_modes_{};
    ::sigset_t saved_mask_{};
    base::unique_fd signals_;
};

}  // namespace porter::detail::terminal
