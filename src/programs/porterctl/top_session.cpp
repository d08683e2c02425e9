#include "programs/porterctl/top_session.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "config/values.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace control = detail::control;
using std::chrono::milliseconds;

/// A server that does not answer for so long is shown as lost.
constexpr milliseconds answer_time{3000};

}  // namespace

top_session::top_session(std::filesystem::path path, milliseconds interval, bool has_styles, control::overview first)
    : path_(std::move(path)),
      interval_(interval),
      display_(detail::config::duration_text(interval)),
      next_(clock::now() + interval),
      screen_(has_styles)
{
    display_.show(std::move(first));
}

int top_session::run()
{
    draw();
    while (!is_left_) {
        if (!client_ && is_due()) begin_request();
        std::array<::pollfd, 3> polled{{{STDIN_FILENO, POLLIN, 0},
                                        {screen_.signal_descriptor(), POLLIN, 0},
                                        {client_ ? client_->descriptor() : -1, POLLIN, 0}}};
        ::poll(polled.data(), polled.size(), static_cast<int>(time_to_wait().count()));
        if (polled[1].revents != 0) {
            auto const signals = screen_.read_signals();
            if (signals.exit != 0) return signals.exit;
        }
        if (polled[0].revents != 0 && !read_keys()) return SIGHUP;
        if (polled[2].revents != 0) receive();
        if (client_ && clock::now() >= deadline_) {
            fail({control::control_errc::unreachable, "porterd does not answer"});
        }
        draw();
    }
    return 0;
}

milliseconds top_session::time_to_wait() const
{
    constexpr milliseconds longest = std::chrono::minutes{1};
    if (!client_ && !is_wanted_ && display_.is_paused()) return longest;
    auto const until = client_ ? deadline_ : next_;
    return std::clamp(std::chrono::ceil<milliseconds>(until - clock::now()), milliseconds{0}, longest);
}

bool top_session::is_due() const
{
    return to_close_ != 0 || is_wanted_ || (!display_.is_paused() && clock::now() >= next_);
}

void top_session::begin_request()
{
    next_ = clock::now() + interval_;
    deadline_ = clock::now() + answer_time;
    closed_ = std::exchange(to_close_, 0);
    try {
        client_.emplace(path_, answer_time);
        if (closed_ != 0) {
            client_->begin(control::close_connections{control::selector::id, closed_, {}});
        } else {
            is_wanted_ = false;
            client_->begin(display_.query());
        }
    } catch (control::control_error const& error) {
        fail(error);
    }
}

void top_session::receive()
{
    try {
        auto const answer = client_->try_finish();
        if (!answer) return;
        client_.reset();
        on_reply(*answer);
    } catch (control::control_error const& error) {
        fail(error);
    }
}

void top_session::on_reply(control::reply const& answer)
{
    if (auto const* const state = std::get_if<control::overview>(&answer)) {
        display_.show(*state);
    } else if (auto const* const closed = std::get_if<control::closed>(&answer)) {
        display_.show_note(fmt::format("Connection {} {}.", closed_, closed->count > 0 ? "is closed" : "had ended"));
        is_wanted_ = true;
    } else {
        fail({control::control_errc::protocol, "porterd answered something else"});
    }
}

/// A server that was lost is asked again and again, at the same interval.
void top_session::fail(control::control_error const& error)
{
    client_.reset();
    if (error.code() == control::control_errc::unreachable) {
        display_.show_error(error.what());
    } else {
        display_.show_note(error.what());
    }
}

/// False: the terminal is gone.
bool top_session::read_keys()
{
    auto const keys = screen_.read_keys();
    if (!keys) return false;
    for (auto const& key : *keys) {
        switch (display_.on_key(key)) {
            case top_display::action::refresh:
                is_wanted_ = true;
                break;
            case top_display::action::close:
                to_close_ = display_.closing();
                break;
            case top_display::action::quit:
                is_left_ = true;
                return true;
            case top_display::action::none:
                break;
        }
    }
    return true;
}

void top_session::draw()
{
    screen_.draw(display_.lines(screen_.rows(), screen_.columns(), base::system_clock{}.now()));
}

}  // namespace porter::programs
