#include "programs/porter/line_editor.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cwchar>
#include <utility>

#include "base/asio.hpp"
#include "base/text.hpp"

namespace porter::programs {

namespace {

namespace base = rooms::base;

constexpr std::string_view prompt_text = "> ";
constexpr int history_size = 1000;
constexpr wchar_t end_key = L'\x04';      // Ctrl-D
constexpr wchar_t unbound_key = L'\x01';  // means nothing after Escape

std::size_t terminal_columns()
{
    struct ::winsize size {};
    bool const known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
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
    : keys_(executor, ::dup(STDIN_FILENO)),
      history_(::history_init()),
      line_(::el_init("porter", stdin, stdout, stderr))
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
    ::el_set(line, EL_BIND, "\\e[3~", "ed-delete-next-char", nullptr);
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

/// A character for libedit. A lone Escape begins a key that may never go on: then a character that means nothing ends
/// it, since waiting here would stop the network.
int line_editor::next_key(EditLine* line, wchar_t* key)
{
    auto& self = of(line);
    std::mbstate_t state{};
    if (std::exchange(self.in_key_, true) && !follows_soon()) {
        *key = unbound_key;
        return 1;
    }
    for (;;) {
        char byte = 0;
        auto const got = ::read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            self.ended_ = true;
            return 0;
        }
        auto const size = std::mbrtowc(key, &byte, 1, &state);
        if (size == static_cast<std::size_t>(-1)) {
            state = {};  // not a character: the next byte may begin one
        } else if (size != static_cast<std::size_t>(-2)) {
            self.last_key_ = *key;
            return 1;
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
        auto [error] = co_await keys_.async_wait(decltype(keys_)::wait_read, base::use_tuple);
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

void line_editor::hide()
{
    if (!open_) return;
    auto const* const now = ::el_line(line_.get());
    auto const before_cursor = std::string_view{now->buffer, static_cast<std::size_t>(now->cursor - now->buffer)};
    auto const row = (prompt_text.size() + base::display_width(before_cursor)) / terminal_columns();
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
