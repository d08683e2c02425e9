#include "programs/porter/repl.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>

#include "base/text.hpp"
#include "programs/porter/greeting.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

using detail::base::steady_timer;
using detail::config::exit_code;

constexpr int tries_in_silence = 3;  // most servers that restart are back by then

std::string still_away(client_error why, std::chrono::milliseconds pause)
{
    why.retry_after = {};  // the pause has it in it
    auto const reason = why.system ? detail::base::escape(why.system.message()) : clause_of(why);
    return fmt::format("Still not connected ({}): next try in {} s, /quit leaves.", reason,
                       std::chrono::ceil<std::chrono::seconds>(pause).count());
}

}  // namespace

repl::repl(io_executor executor, std::optional<client>& door, login_flow& entrance, console& says, prompts& ask,
           output_format how)
    : executor_(executor),
      client_(door),
      login_(entrance),
      console_(says),
      prompts_(ask),
      options_(how),
      editor_(executor),
      pauses_(detail::client::random_fraction),
      pause_(executor),
      listened_(executor, steady_timer::time_point::max())
{}

task<exit_status> repl::pause_reading()
{
    auto const finished = [this](std::exception_ptr const& defect) {
        if (defect) exit(exit_status_for(defect));
        listening_ = false;
        listened_.cancel();
    };
    listening_ = true;
    editor_.open();
    console_.set_editor(&editor_);
    asio::co_spawn(executor_, receive_loop(), finished);
    while (!exit_) {
        auto line = co_await editor_.read_line();
        if (!line) break;
        co_await run_command(std::move(*line));
    }
    exit({});
    editor_.hide();
    editor_.close();
    console_.set_editor(nullptr);
    pause_.cancel();
    co_await login_.close();
    while (listening_) co_await listened_.async_wait(detail::base::use_tuple);
    co_return *exit_;
}

void repl::exit(exit_status why)
{
    if (!exit_) exit_ = std::move(why);
    editor_.interrupt();
}

task<void> repl::receive_loop()
{
    while (!exit_) {
        co_await show_received();
        if (exit_) co_return;
        auto const back = co_await reconnect();
        if (!back) co_return;
    }
}

/// Shows what comes until the connection ends.
task<void> repl::show_received()
{
    for (;;) {
        auto received = co_await client_->receive();
        if (!received) co_return;
        auto lines = line_for(*received, options_);
        while (auto const* more = client_->next()) lines += line_for(*more, options_);
        editor_.hide();
        detail::terminal::write_all(STDOUT_FILENO, lines);
        editor_.show();
    }
}

/// After the connection has ended: makes it again as long as that may help. False: it does not, and why is said.
task<bool> repl::reconnect()
{
    auto why = *client_->ended();
    bool in_order = why.cause == client_errc::closed && why.code == code::normal;
    if (in_order && !logging_out_) console_.info("The server closed the connection.");
    if (!in_order && detail::client::is_worth_retrying(why)) {
        console_.error(clause_of(why) + "; connecting again");
    }
    for (int failed = 0; !exit_ && detail::client::is_worth_retrying(why); ++failed) {
        auto const pause = pauses_.next(why.retry_after);
        if (failed >= tries_in_silence) console_.info(still_away(why, pause));
        pause_.expires_after(pause);
        co_await pause_.async_wait(detail::base::use_tuple);
        if (exit_) break;
        auto entered = co_await login_.log_in_again();
        if (entered) {
            pauses_.reset();
            console_.info("Connected again.");
            co_return true;
        }
        why = entered.error();
        co_await client_->close();  // a denial leaves it open, and the next try makes a new one
    }
    bool const is_over = why.code == code::session_ended || why.code == code::invalid_token;
    if (is_over && !logging_out_) console_.info(ended_session_line(login_.name()));
    if (is_over || in_order) exit({exit_code_of(why), {}});  // that is said
    exit(exit_status_for(why));
    co_return false;
}

}  // namespace porter::programs
