#include "programs/porter/conversation.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>

#include "base/text.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

using rooms::base::steady_timer;
using rooms::config::exit_code;

constexpr int tries_in_silence = 3;  // most servers that restart are back by then

std::string still_away(client_failure why, std::chrono::milliseconds pause)
{
    why.retry_after = {};  // the pause has it in it
    auto const reason = why.system ? rooms::base::escape(why.system.message()) : line_of(why);
    return fmt::format("Still not connected ({}): next try in {} s, /quit leaves.", reason,
                       std::chrono::ceil<std::chrono::seconds>(pause).count());
}

}  // namespace

conversation::conversation(io_executor executor, std::optional<client>& door, reception& entrance, talk& says,
                           questions& ask, showing how)
    : executor_(executor),
      door_(door),
      reception_(entrance),
      talk_(says),
      ask_(ask),
      how_(how),
      editor_(executor),
      pauses_(rooms::client::system_chance),
      pause_(executor),
      listened_(executor, steady_timer::time_point::max())
{}

task<leaving> conversation::hold()
{
    auto const finished = [this](std::exception_ptr const& defect) {
        if (defect) leave(leaving_for(defect));
        listening_ = false;
        listened_.cancel();
    };
    listening_ = true;
    editor_.open();
    talk_.keep_below(&editor_);
    asio::co_spawn(executor_, listen(), finished);
    while (!leaving_) {
        auto line = co_await editor_.read_line();
        if (!line) break;
        co_await obey(std::move(*line));
    }
    leave({});
    editor_.hide();
    editor_.close();
    talk_.keep_below(nullptr);
    pause_.cancel();
    co_await reception_.close();
    while (listening_) co_await listened_.async_wait(rooms::base::use_tuple);
    co_return *leaving_;
}

void conversation::leave(leaving why)
{
    if (!leaving_) leaving_ = std::move(why);
    editor_.interrupt();
}

task<void> conversation::listen()
{
    while (!leaving_) {
        co_await show_received();
        if (leaving_) co_return;
        auto const back = co_await come_back();
        if (!back) co_return;
    }
}

/// Shows what comes until the connection ends.
task<void> conversation::show_received()
{
    for (;;) {
        auto received = co_await door_->receive();
        if (!received) co_return;
        auto lines = line_for(*received, how_);
        while (auto const* more = door_->next()) lines += line_for(*more, how_);
        editor_.hide();
        rooms::terminal::write_all(STDOUT_FILENO, lines);
        editor_.show();
    }
}

/// After the connection has ended: makes it again as long as that may help. False: it does not, and why is said.
task<bool> conversation::come_back()
{
    auto why = *door_->ended();
    bool in_order = why.why == client_failure::cause::closed && why.what == code::normal;
    if (in_order && !logging_out_) talk_.tell("The server closed the connection.");
    if (!in_order && rooms::client::worth_another_try(why)) {
        talk_.complain(line_of(why) + "; connecting again");
    }
    for (int failed = 0; !leaving_ && rooms::client::worth_another_try(why); ++failed) {
        auto const pause = pauses_.next(why.retry_after);
        if (failed >= tries_in_silence) talk_.tell(still_away(why, pause));
        pause_.expires_after(pause);
        co_await pause_.async_wait(rooms::base::use_tuple);
        if (leaving_) break;
        auto entered = co_await reception_.enter_again();
        if (entered) {
            pauses_.reset();
            talk_.tell("Connected again.");
            co_return true;
        }
        why = entered.error();
    }
    if (why.what == code::session_ended && !logging_out_) {
        talk_.tell(sentence_of(why));
        leave({exit_code_of(why), {}});
    }
    leave(leaving_for(why));
    co_return false;
}

}  // namespace porter::programs
