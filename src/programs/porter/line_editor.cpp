#include "programs/porter/line_editor.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cwchar>
#include <utility>

#include "programs/porter/key_sequence.hpp"
#include "programs/porter/line_layout.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

constexpr int history_size = 1000;
constexpr wchar_t escape = L'\x1b';
constexpr wchar_t end_key = L'\x04';      // Ctrl-D
constexpr wchar_t nothing_key = L'\x0f';  // Ctrl-O
constexpr wchar_t clear_key = L'\x0c';    // Ctrl-L

constexpr std::pair<char const*, char const*> bindings[] = {
    {"^O", "ed-ignore"},
    {"^I", "ed-insert"},  // a tab inserts itself
    {"\\e[3~", "ed-delete-next-char"},
    {"\\e[1;5C", "em-next-word"},  // Ctrl-Right
    {"\\e[1;5D", "ed-prev-word"},  // Ctrl-Left
    {"\\e[H", "ed-move-to-beg"},
    {"\\e[1~", "ed-move-to-beg"},
    {"\\e[7~", "ed-move-to-beg"},
    {"\\eOH", "ed-move-to-beg"},
    {"\\e[F", "ed-move-to-end"},
    {"\\e[4~", "ed-move-to-end"},
    {"\\e[8~", "ed-move-to-end"},
    {"\\eOF", "ed-move-to-end"},
};

bool is_at_end(line_layout const& layout)
{
    return layout.cursor.row == layout.end.row && layout.cursor.column == layout.end.column;
}

bool has_input_within(int milliseconds)
{
    struct ::pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::poll(&input, 1, milliseconds) > 0;
}

/// Whether another byte of the same key follows.
bool is_key_continued()
{
    constexpr int key_timeout = 50;  // ms; a user's next key takes longer
    return has_input_within(key_timeout);
}

struct ::termios modes_of_input()
{
    struct ::termios modes{};
    ::tcgetattr(STDIN_FILENO, &modes);
    return modes;
}

std::string up(std::size_t rows)
{
    return rows > 0 ? fmt::format("\x1b[{}A", rows) : std::string{};
}

std::string right(std::size_t columns)
{
    return columns > 0 ? fmt::format("\x1b[{}C", columns) : std::string{};
}

}  // namespace

line_editor::line_editor(io_executor executor)
    : input_(executor, STDIN_FILENO),
      opened_(executor),
      saved_modes_(modes_of_input()),
      history_(::history_init()),
      null_output_(std::fopen("/dev/null", "we")),
      line_(::el_init_fd("porter", stdin, null_output_.get(), stderr, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO))
{
    auto* const line = line_.get();
    ::HistEvent event;
    ::history(history_.get(), &event, H_SETSIZE, history_size);
    ::history(history_.get(), &event, H_SETUNIQUE, 1);
    ::el_set(line, EL_CLIENTDATA, this);
    ::el_set(line, EL_EDITOR, "emacs");
    ::el_set(line, EL_HIST, ::history, history_.get());
    // Between two lines libedit restores the terminal, which must not echo pasted input. close() restores the modes.
    ::el_set(line, EL_SETTY, "-x", "-echo", "-icanon", nullptr);
    ::el_set(line, EL_SIGNAL, 0);  // app handles signals
    ::el_set(line, EL_GETCFN, &line_editor::next_key);
    ::el_source(line, nullptr);
    for (auto const& [key, function] : bindings) ::el_set(line, EL_BIND, key, function, nullptr);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_modes_);
}

line_editor::~line_editor()
{
    close();
}

line_editor& line_editor::of(EditLine* line)
{
    void* self = nullptr;
    ::el_get(line, EL_CLIENTDATA, &self);
    return *static_cast<line_editor*>(self);
}

/// libedit's EL_GETCFN: the next character.
int line_editor::next_key(EditLine* line, wchar_t* key)
{
    auto& self = of(line);
    if (self.pending_.empty()) self.read_key();
    if (self.ended_) return 0;
    *key = self.last_key_ = self.pending_.front();
    self.pending_.erase(0, 1);
    return 1;
}

/// Reads one key as the terminal sends it. An unbound or incomplete key becomes one that does nothing.
void line_editor::read_key()
{
    std::wstring key;
    do {
        auto const character = read_character();
        if (!character) {
            key = nothing_key;
            break;
        }
        // Alt and a key that itself sends an escape sequence: drop the first Escape.
        bool const is_alt = key.size() == 1 && key.front() == escape && *character == escape;
        if (!is_alt) key += *character;
    } while (key.front() == escape && !is_whole_key(key));
    if (key.front() == escape && !is_bound_key(key)) key = nothing_key;
    pending_ = key;
}

/// None: the key has no further character, or the input has ended. Waits only briefly: it blocks the event loop.
std::optional<wchar_t> line_editor::read_character()
{
    std::mbstate_t state{};
    for (;;) {
        if (std::exchange(in_key_, true) && !is_key_continued()) return std::nullopt;
        char byte = 0;
        auto const count = ::read(STDIN_FILENO, &byte, 1);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) {
            ended_ = true;
            return std::nullopt;
        }
        wchar_t character = 0;
        auto const size = std::mbrtowc(&character, &byte, 1, &state);
        if (size == static_cast<std::size_t>(-1)) {
            state = {};  // invalid: the next byte may begin a character
        } else if (size != static_cast<std::size_t>(-2)) {
            return character;
        }
    }
}

void line_editor::open()
{
    if (open_) return;
    ::el_set(line_.get(), EL_UNBUFFERED, 1);
    open_ = true;
    restore_line();
    draw();
    opened_.notify();
}

void line_editor::close()
{
    if (!open_) return;
    save_line();
    ::el_set(line_.get(), EL_UNBUFFERED, 0);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_modes_);
    open_ = false;
    drawn_ = {};
    input_.cancel();
}

void line_editor::save_line()
{
    auto const* const edited = ::el_wline(line_.get());
    saved_line_.assign(edited->buffer, edited->lastchar);
    after_saved_cursor_ = static_cast<int>(edited->lastchar - edited->cursor);
}

void line_editor::restore_line()
{
    if (saved_line_.empty()) return;
    ::el_winsertstr(line_.get(), saved_line_.c_str());
    ::el_cursor(line_.get(), -after_saved_cursor_);
    saved_line_.clear();
}

void line_editor::set_prompt(std::string prompt)
{
    prompt_ = std::move(prompt);
    show();
}

task<std::optional<std::string>> line_editor::read_line()
{
    while (!ended_) {
        while (!open_ && !ended_) co_await opened_.wait();
        if (ended_) break;
        auto const error = co_await input_.wait_readable();
        if (ended_) break;
        if (!open_) continue;  // close() has ended the wait
        if (error && error != asio::error::operation_aborted) break;
        if (error) continue;
        auto line = take_key();
        if (line) co_return line;
    }
    co_return std::nullopt;
}

std::optional<std::string> line_editor::take_key()
{
    auto const* const edited = ::el_line(line_.get());
    bool const was_empty = edited->buffer == edited->lastchar;
    int size = 0;
    in_key_ = false;
    auto const* const typed = ::el_gets(line_.get(), &size);
    if (was_empty && last_key_ == end_key) ended_ = true;
    if (ended_) return {};
    if (typed == nullptr || size <= 0 || (typed[size - 1] != '\n' && typed[size - 1] != '\r')) {
        if (last_key_ == clear_key) clear_screen();
        if (!has_input_within(0)) draw();  // of pasted input only whole lines are drawn
        return {};
    }
    std::string line{typed, static_cast<std::size_t>(size) - 1};
    draw(line, line.size());
    if (drawn_.end.column > 0) detail::terminal::write_all(STDOUT_FILENO, "\r\n");
    drawn_ = {};
    ::HistEvent event;
    if (!line.empty()) ::history(history_.get(), &event, H_ENTER, line.c_str());
    begin_line();
    return line;
}

void line_editor::interrupt()
{
    ended_ = true;
    input_.cancel();
    opened_.notify();
}

bool line_editor::clear()
{
    if (!open_) return false;
    auto const* const edited = ::el_line(line_.get());
    if (edited->buffer == edited->lastchar) return false;
    pending_.clear();
    begin_line();
    return true;
}

/// libedit begins a line when its unbuffered mode begins.
void line_editor::begin_line()
{
    ::el_set(line_.get(), EL_UNBUFFERED, 0);
    ::el_set(line_.get(), EL_UNBUFFERED, 1);
    draw();
}

void line_editor::clear_screen()
{
    detail::terminal::write_all(STDOUT_FILENO, "\x1b[H\x1b[2J");
    drawn_ = {};
}

void line_editor::draw()
{
    auto const* const edited = ::el_line(line_.get());
    auto const size = static_cast<std::size_t>(edited->lastchar - edited->buffer);
    draw({edited->buffer, size}, static_cast<std::size_t>(edited->cursor - edited->buffer));
}

/// libedit does not draw combining marks correctly. Text appended at the cursor is written there; any other change
/// redraws the line.
void line_editor::draw(std::string_view line, std::size_t cursor)
{
    auto layout = lay_out(prompt_, line, cursor, detail::terminal::columns_of(STDOUT_FILENO));
    bool const is_appended = !drawn_.text.empty() && is_at_end(drawn_) && layout.text.starts_with(drawn_.text);
    auto output =
        is_appended ? layout.text.substr(drawn_.text.size()) : up(drawn_.cursor.row) + "\r\x1b[J" + layout.text;
    if (!is_at_end(layout)) output += up(layout.end.row - layout.cursor.row) + '\r' + right(layout.cursor.column);
    detail::terminal::write_all(STDOUT_FILENO, output);
    drawn_ = std::move(layout);
}

void line_editor::hide()
{
    if (!open_) return;
    detail::terminal::write_all(STDOUT_FILENO, up(drawn_.cursor.row) + "\r\x1b[J");
    drawn_ = {};
}

void line_editor::show()
{
    if (open_) draw();
}

void line_editor::suspend()
{
    if (!open_) return;
    ::el_set(line_.get(), EL_PREP_TERM, 0);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_modes_);
}

void line_editor::resume()
{
    if (!open_) return;
    ::el_set(line_.get(), EL_PREP_TERM, 1);
    drawn_ = {};  // the shell has written to the screen
    show();
}

void line_editor::resized()
{
    hide();
    ::el_resize(line_.get());
    show();
}

}  // namespace porter::programs
