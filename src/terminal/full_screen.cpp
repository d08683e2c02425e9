#include "terminal/full_screen.hpp"

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "terminal/cut.hpp"
#include "terminal/write.hpp"

namespace porter::detail::terminal {

namespace {

constexpr std::array watched{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};

// The alternate screen; no line break at the margin; no cursor. Without the breaks a character that the terminal draws
// wider than base::display_width() says cannot shift the lines below it.
constexpr std::string_view begin_sequence = "\x1b[?1049h\x1b[?7l\x1b[?25l";
constexpr std::string_view end_sequence = "\x1b[0m\x1b[?25h\x1b[?7h\x1b[?1049l";

struct known_sequence {
    std::string_view bytes;  // after ESC
    key_kind kind;
};

constexpr known_sequence sequences[] = {
    {"[A", key_kind::up},         {"[B", key_kind::down},    {"[H", key_kind::home}, {"[F", key_kind::end},
    {"OA", key_kind::up},         {"OB", key_kind::down},    {"OH", key_kind::home}, {"OF", key_kind::end},
    {"[1~", key_kind::home},      {"[3~", key_kind::remove}, {"[4~", key_kind::end}, {"[5~", key_kind::page_up},
    {"[6~", key_kind::page_down},
};

/// The bytes of a control sequence after ESC. 0: there is none, the key Escape was pressed.
std::size_t length_of_sequence(std::string_view after)
{
    if (after.starts_with('O')) return std::min<std::size_t>(2, after.size());
    if (!after.starts_with('[')) return 0;
    std::size_t size = 1;
    auto const is_final = [](char byte) { return byte >= '@' && byte <= '~'; };
    while (size < after.size() && !is_final(after[size])) ++size;
    return std::min(size + 1, after.size());
}

std::string_view style_sequence(line_style style)
{
    switch (style) {
        case line_style::bold:
            return "\x1b[1m";
        case line_style::selected:
            return "\x1b[7m";
        case line_style::error:
            return "\x1b[1;31m";
        case line_style::plain:
            break;
    }
    return {};
}

[[noreturn]] void fail(char const* call)
{
    throw std::system_error{errno, std::generic_category(), call};
}

struct ::winsize size_of_terminal() noexcept
{
    struct ::winsize size{};
    bool const is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    if (!is_known) size = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    return size;
}

}  // namespace

std::vector<key_press> keys_of(std::string_view bytes)
{
    std::vector<key_press> keys;
    while (!bytes.empty()) {
        auto const first = static_cast<unsigned char>(bytes.front());
        std::size_t used = 1;
        if (first == 0x1b) {
            auto const size = length_of_sequence(bytes.substr(1));
            used += size;
            auto const* const known = std::ranges::find(sequences, bytes.substr(1, size), &known_sequence::bytes);
            if (size == 0) {
                keys.push_back({key_kind::escape});
            } else if (known != std::end(sequences)) {
                keys.push_back({known->kind});
            }
        } else if (first == '\r' || first == '\n') {
            keys.push_back({key_kind::accept});
        } else if (first == 0x7f || first == '\b') {
            keys.push_back({key_kind::backspace});
        } else if (first >= 0x20) {
            used = first < 0x80 ? 1 : std::clamp<std::size_t>(static_cast<std::size_t>(std::countl_one(first)), 1, 4);
            keys.push_back({key_kind::character, std::string{bytes.substr(0, used)}});
        }
        bytes.remove_prefix(std::min(used, bytes.size()));
    }
    return keys;
}

/// Each line is erased before it is written: at the right margin the cursor stands on the last character, and erasing
/// after it would remove that.
std::string drawing_of(std::vector<screen_line> const& lines, std::size_t rows, std::size_t columns, bool has_styles)
{
    std::string output = "\x1b[H";
    for (std::size_t row = 0; row < std::min(rows, lines.size()); ++row) {
        auto const& line = lines[row];
        if (row > 0) output += "\r\n";
        output += "\x1b[2K";
        bool const is_styled = has_styles && line.style != line_style::plain;
        if (is_styled) output += style_sequence(line.style);
        output += line.style == line_style::selected ? fit_text(line.text, columns) : cut_text(line.text, columns);
        if (is_styled) output += "\x1b[0m";
    }
    if (lines.size() < rows) output += "\r\n\x1b[J";
    return output;
}

full_screen::full_screen(bool has_styles) : has_styles_(has_styles)
{
    ::sigset_t mask{};
    ::sigemptyset(&mask);
    for (auto const signal : watched) ::sigaddset(&mask, signal);
    if (::tcgetattr(STDIN_FILENO, &saved_modes_) != 0) fail("tcgetattr");
    signals_ = base::unique_fd{::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals_) fail("signalfd");
    if (::sigprocmask(SIG_BLOCK, &mask, &saved_mask_) != 0) fail("sigprocmask");
    take_over();
}

full_screen::~full_screen()
{
    restore();
    ::sigprocmask(SIG_SETMASK, &saved_mask_, nullptr);
}

full_screen::signals full_screen::read_signals()
{
    signals pending;
    ::signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        auto const signal = static_cast<int>(info.ssi_signo);
        if (signal == SIGTSTP) {
            restore();
            ::kill(0, SIGSTOP);
        }
        if (signal == SIGTSTP || signal == SIGCONT) take_over();
        if (signal == SIGTSTP || signal == SIGCONT || signal == SIGWINCH) {
            pending.is_changed = true;
        } else {
            pending.exit = signal;
        }
    }
    return pending;
}

std::optional<std::vector<key_press>> full_screen::read_keys()
{
    std::array<char, 256> typed{};
    auto const count = ::read(STDIN_FILENO, typed.data(), typed.size());
    if (count < 0 && errno == EINTR) return std::vector<key_press>{};
    if (count <= 0) return std::nullopt;
    return keys_of({typed.data(), static_cast<std::size_t>(count)});
}

std::size_t full_screen::rows() const noexcept
{
    return size_of_terminal().ws_row;
}

std::size_t full_screen::columns() const noexcept
{
    return size_of_terminal().ws_col;
}

void full_screen::draw(std::vector<screen_line> const& lines)
{
    if (is_active_) write_all(STDOUT_FILENO, drawing_of(lines, rows(), columns(), has_styles_));
}

/// Signals of the keyboard stay: Ctrl-C and Ctrl-Z. After `bg` of a shell the terminal is that of another program, and
/// to change its modes would stop this one; `fg` sends SIGCONT once more.
void full_screen::take_over() noexcept
{
    is_active_ = ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
    if (!is_active_) return;
    auto modes = saved_modes_;
    modes.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    modes.c_iflag &= ~static_cast<tcflag_t>(IXON);  // Ctrl-S would make a write wait
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
    write_all(STDOUT_FILENO, begin_sequence);
}

/// Drops what was typed and not read: it was not meant for the shell.
void full_screen::restore() noexcept
{
    if (!std::exchange(is_active_, false)) return;
    write_all(STDOUT_FILENO, end_sequence);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_modes_);
}

}  // namespace porter::detail::terminal
