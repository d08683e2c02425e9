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

constexpr std::string_view prompt_text = "> ";
constexpr int history_size = 1000;
constexpr wchar_t escape = L'\x1b';
constexpr wchar_t end_key = L'\x04';      // Ctrl-D
constexpr wchar_t nothing_key = L'\x0f';  // Ctrl-O
constexpr wchar_t clear_key = L'\x0c';    // Ctrl-L

constexpr std::pair<char const*, char const*> bindings[] = {
    {"^O", "ed-ignore"},
    {"^I", "ed-insert"},  // a tab is a character like another
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

bool is_at_end(line_layout const& laid)
{
    return laid.cursor.row == laid.end.row && laid.cursor.column == laid.end.column;
}

bool has_input_within(int milliseconds)
{
    struct ::pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::poll(&input, 1, milliseconds) > 0;
}

/// Whether a byte follows within a moment: the rest of a key that sends more than one.
bool follows_soon()
{
    constexpr int moment = 50;  // ms; a person's next key takes longer
    return has_input_within(moment);
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
    : keys_(executor, STDIN_FILENO),
      before_(modes_of_input()),
      history_(::history_init()),
      unseen_(std::fopen("/dev/null", "we")),
      line_(::el_init_fd("porter", stdin, unseen_.get(), stderr, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO))
{
    auto* const line = line_.get();
    ::HistEvent event;
    ::history(history_.get(), &event, H_SETSIZE, history_size);
    ::history(history_.get(), &event, H_SETUNIQUE, 1);
    ::el_set(line, EL_CLIENTDATA, this);
    ::el_set(line, EL_EDITOR, "emacs");
    ::el_set(line, EL_HIST, ::history, history_.get());
    // Between two lines libedit gives the terminal back: what is pasted meanwhile must not be echoed. close() does it.
    ::el_set(line, EL_SETTY, "-x", "-echo", "-icanon", nullptr);
    ::el_set(line, EL_SIGNAL, 0);  // signals are the program's
    ::el_set(line, EL_GETCFN, &line_editor::next_key);
    ::el_source(line, nullptr);
    for (auto const& [key, does] : bindings) ::el_set(line, EL_BIND, key, does, nullptr);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
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

/// A character for libedit.
int line_editor::next_key(EditLine* line, wchar_t* key)
{
    auto& self = of(line);
    if (self.pending_.empty()) self.read_key();
    if (self.ended_) return 0;
    *key = self.last_key_ = self.pending_.front();
    self.pending_.erase(0, 1);
    return 1;
}

/// One key as the terminal sends it. What means nothing, or never goes on, becomes a key that does nothing.
void line_editor::read_key()
{
    std::wstring key;
    do {
        auto const more = read_character();
        if (!more) {
            key = nothing_key;
            break;
        }
        if (key.size() == 1 && key.front() == escape && *more == escape)
            continue;  // Alt with a key that begins with Escape itself
        key += *more;
    } while (key.front() == escape && !is_whole_key(key));
    if (key.front() == escape && !is_bound_key(key)) key = nothing_key;
    pending_ = key;
}

/// None: it does not go on within a moment, or the input has ended. Waiting longer would stop the network.
std::optional<wchar_t> line_editor::read_character()
{
    std::mbstate_t state{};
    for (;;) {
        if (std::exchange(in_key_, true) && !follows_soon()) return std::nullopt;
        char byte = 0;
        auto const got = ::read(STDIN_FILENO, &byte, 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) {
            ended_ = true;
            return std::nullopt;
        }
        wchar_t character = 0;
        auto const size = std::mbrtowc(&character, &byte, 1, &state);
        if (size == static_cast<std::size_t>(-1)) {
            state = {};  // not a character: the next byte may begin one
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
    draw();
}

void line_editor::close()
{
    if (!open_) return;
    ::el_set(line_.get(), EL_UNBUFFERED, 0);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    open_ = false;
    drawn_ = {};
}

task<std::optional<std::string>> line_editor::read_line()
{
    while (!ended_) {
        auto const error = co_await keys_.to_read();
        if (error || ended_) break;
        auto line = take_key();
        if (line) co_return line;
    }
    co_return std::nullopt;
}

std::optional<std::string> line_editor::take_key()
{
    auto const* const before = ::el_line(line_.get());
    bool const was_empty = before->buffer == before->lastchar;
    int size = 0;
    in_key_ = false;
    auto const* const typed = ::el_gets(line_.get(), &size);
    if (was_empty && last_key_ == end_key) ended_ = true;
    if (ended_) return {};
    if (typed == nullptr || size <= 0 || (typed[size - 1] != '\n' && typed[size - 1] != '\r')) {
        if (last_key_ == clear_key) clear_screen();
        if (!has_input_within(0)) draw();  // of what is pasted only whole lines are shown
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
    keys_.cancel();
}

bool line_editor::clear()
{
    if (!open_) return false;
    auto const* const now = ::el_line(line_.get());
    if (now->buffer == now->lastchar) return false;
    pending_.clear();
    begin_line();
    return true;
}

/// libedit does it when its unbuffered mode begins.
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
    auto const* const now = ::el_line(line_.get());
    auto const size = static_cast<std::size_t>(now->lastchar - now->buffer);
    draw({now->buffer, size}, static_cast<std::size_t>(now->cursor - now->buffer));
}

/// libedit draws combining marks over one another and loses them, so it only edits. What goes on where the cursor
/// stands is written there; anything else is written anew.
void line_editor::draw(std::string_view line, std::size_t cursor)
{
    auto laid = lay_out(prompt_text, line, cursor, detail::terminal::columns_of(STDOUT_FILENO));
    bool const goes_on = !drawn_.text.empty() && is_at_end(drawn_) && laid.text.starts_with(drawn_.text);
    auto output = goes_on ? laid.text.substr(drawn_.text.size()) : up(drawn_.cursor.row) + "\r\x1b[J" + laid.text;
    if (!is_at_end(laid)) output += up(laid.end.row - laid.cursor.row) + '\r' + right(laid.cursor.column);
    detail::terminal::write_all(STDOUT_FILENO, output);
    drawn_ = std::move(laid);
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
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

void line_editor::resume()
{
    if (!open_) return;
    ::el_set(line_.get(), EL_PREP_TERM, 1);
    drawn_ = {};  // the shell has written below it
    show();
}

void line_editor::resized()
{
    hide();
    ::el_resize(line_.get());
    show();
}

}  // namespace porter::programs
