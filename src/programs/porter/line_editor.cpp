#include "programs/porter/line_editor.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cwchar>
#include <utility>

#include "base/text.hpp"
#include "programs/porter/key_sequence.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

namespace base = rooms::base;

constexpr std::string_view prompt_text = "> ";
constexpr int history_size = 1000;
constexpr wchar_t escape = L'\x1b';
constexpr wchar_t end_key = L'\x04';      // Ctrl-D
constexpr wchar_t nothing_key = L'\x0f';  // Ctrl-O

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

/// The columns that the prompt and this text after it take; libedit shows a tab as spaces up to the next eighth one.
std::size_t columns_of(std::string_view text)
{
    constexpr std::size_t tab = 8;
    auto columns = prompt_text.size();
    for (;;) {
        auto const end = text.find('\t');
        columns += base::display_width(text.substr(0, end));
        if (end == std::string_view::npos) return columns;
        columns = (columns / tab + 1) * tab;
        text.remove_prefix(end + 1);
    }
}

/// Whether a byte follows within a moment: the rest of a key that sends more than one.
bool follows_soon()
{
    constexpr int moment = 50;  // ms; a person's next key takes longer
    struct ::pollfd input {
        STDIN_FILENO, POLLIN, 0
    };
    return ::poll(&input, 1, moment) > 0;
}

}  // namespace

line_editor::line_editor(io_executor executor)
    : keys_(executor, STDIN_FILENO), history_(::history_init()), line_(::el_init("porter", stdin, stdout, stderr))
{
    auto* const line = line_.get();
    ::HistEvent event;
    ::history(history_.get(), &event, H_SETSIZE, history_size);
    ::history(history_.get(), &event, H_SETUNIQUE, 1);
    ::el_set(line, EL_CLIENTDATA, this);
    ::el_set(line, EL_EDITOR, "emacs");
    ::el_set(line, EL_HIST, ::history, history_.get());
    ::el_set(line, EL_PROMPT, &line_editor::prompt);
    ::el_set(line, EL_SIGNAL, 0);  // signals are the program's
    ::el_set(line, EL_GETCFN, &line_editor::next_key);
    ::el_source(line, nullptr);
    for (auto const& [key, does] : bindings) ::el_set(line, EL_BIND, key, does, nullptr);
}

line_editor::~line_editor()
{
    close();
}

char* line_editor::prompt(EditLine*)
{
    static std::string text{prompt_text};
    return text.data();
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
}

void line_editor::close()
{
    if (!open_) return;
    ::el_set(line_.get(), EL_UNBUFFERED, 0);
    open_ = false;
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
    if (ended_ || typed == nullptr || size <= 0 || (typed[size - 1] != '\n' && typed[size - 1] != '\r')) return {};

    std::string line{typed, static_cast<std::size_t>(size) - 1};
    ::HistEvent event;
    if (!line.empty()) ::history(history_.get(), &event, H_ENTER, line.c_str());
    close();  // libedit begins a new line by being opened again
    open();
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
    hide();
    pending_.clear();
    close();  // libedit begins a new line by being opened again
    open();
    return true;
}

void line_editor::hide()
{
    if (!open_) return;
    auto const* const now = ::el_line(line_.get());
    auto const before_cursor = std::string_view{now->buffer, static_cast<std::size_t>(now->cursor - now->buffer)};
    auto const row = columns_of(before_cursor) / rooms::terminal::columns_of(STDOUT_FILENO);
    if (row > 0) std::fprintf(stdout, "\x1b[%zuA", row);
    std::fputs("\r\x1b[J", stdout);
    std::fflush(stdout);
}

void line_editor::show()
{
    if (open_) ::el_set(line_.get(), EL_REFRESH);
}

void line_editor::suspend()
{
    if (open_) ::el_set(line_.get(), EL_PREP_TERM, 0);
}

void line_editor::resume()
{
    if (!open_) return;
    ::el_set(line_.get(), EL_PREP_TERM, 1);
    show();
}

void line_editor::resized()
{
    hide();
    ::el_resize(line_.get());
    show();
}

}  // namespace porter::programs
