#include "programs/porter/app.hpp"

#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <csignal>

#include "base/asio.hpp"
#include "base/text.hpp"
#include "config/host.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/pipe_session.hpp"
#include "programs/porter/repl.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

std::string const usual_host = "localhost";
constexpr std::uint16_t usual_port = 7678;

}  // namespace

app::app(asio::io_context& io, porter_options const& options, console& says)
    : io_(io), options_(options), console_(says), signals_(io.get_executor(), SIGINT, SIGTERM, SIGHUP)
{
    signals_.add(SIGQUIT);
    if (!console_.on_terminal()) return;
    prompts_.emplace(io.get_executor(), console_);
    signals_.add(SIGWINCH);
    signals_.add(SIGTSTP);
    signals_.add(SIGCONT);
}

app::~app() = default;

exit_status app::run()
{
    auto const over = [this](std::exception_ptr const& defect, exit_status why) {
        if (defect) why = exit_status_for(defect);
        if (!exit_) exit_ = std::move(why);
        io_.stop();
    };
    auto const watched = [](std::exception_ptr const&) {};  // signals are handled no more: the default ends the program
    asio::co_spawn(io_, run_session(), over);
    asio::co_spawn(io_, watch_signals(), watched);
    io_.run();
    return *exit_;
}

task<exit_status> app::run_session()
{
    auto const executor = co_await asio::this_coro::executor;
    auto where = co_await ask_server();
    if (!where) co_return where.error();
    detail::client::server_identity at;
    at.host = base::lower(host_);
    at.port = port_;
    login_flow entrance{executor, options_, std::move(at), client_, console_, prompts_ ? &*prompts_ : nullptr};
    login_ = &entrance;
    auto entered = co_await entrance.log_in();
    if (!entered) {
        if (client_) co_await client_->close();
        co_return entered.error();
    }
    if (!prompts_) {
        bool const shown = ::isatty(STDOUT_FILENO) == 1;
        auto const how = options_.json ? output_format::json : shown ? output_format::terminal : output_format::text;
        pipe_session through{executor, *client_, entrance, how, options_.linger};
        auto over = co_await through.run();
        co_return over;
    }
    auto const how = options_.json ? output_format::json : output_format::terminal;
    repl talking{executor, client_, entrance, console_, *prompts_, how};
    repl_ = &talking;
    auto over = co_await talking.pause_reading();
    repl_ = nullptr;
    co_return over;
}

task<outcome<void>> app::ask_server()
{
    if (options_.host) {
        host_ = *options_.host;
    } else {
        auto asked = co_await ask_host();
        if (!asked) co_return asked;
    }
    if (options_.port) {
        port_ = *options_.port;
        co_return outcome<void>{};
    }
    auto asked = co_await ask_port();
    co_return asked;
}

task<outcome<void>> app::ask_host()
{
    if (!prompts_) co_return unexpected(exit_status{exit_code::usage, "no host is given: porter HOST PORT"});
    for (;;) {
        auto typed = co_await prompts_->ask(std::string{"Host ["} + usual_host + "]: ");
        if (!typed) co_return unexpected(exit_status{});
        auto const host = config::parse_host(typed->empty() ? usual_host : *typed);
        if (host) {
            host_ = *host;
            co_return outcome<void>{};
        }
        console_.info(host.error());
    }
}

task<outcome<void>> app::ask_port()
{
    if (!prompts_) co_return unexpected(exit_status{exit_code::usage, "no port is given: porter HOST PORT"});
    for (;;) {
        auto typed = co_await prompts_->ask("Port [" + std::to_string(usual_port) + "]: ");
        if (!typed) co_return unexpected(exit_status{});
        auto const port = config::parse_port(typed->empty() ? std::to_string(usual_port) : *typed, 1);
        if (port) {
            port_ = *port;
            co_return outcome<void>{};
        }
        console_.info(port.error());
    }
}

task<void> app::watch_signals()
{
    for (;;) {
        auto [error, signal] = co_await signals_.async_wait(base::use_tuple);
        if (error) co_return;
        if (signal == SIGWINCH || signal == SIGTSTP || signal == SIGCONT) {
            redraw_after(signal);
            continue;
        }
        if (signal == SIGINT && repl_ != nullptr && repl_->editor().clear()) continue;
        signals_.clear();  // a second one ends the program at once
        co_await exit_with(signal);
        co_return;
    }
}

/// Ctrl-C is a way to leave like another; the other signals say that somebody else wanted the end.
task<void> app::exit_with(int signal)
{
    bool const by_person = signal == SIGINT && console_.on_terminal();
    exit_ = exit_status{by_person ? exit_code::ok : static_cast<exit_code>(128 + signal), {}};
    if (prompts_) prompts_->show_typing();  // a second signal leaves no time for it
    if (repl_ != nullptr) {
        repl_->exit({});
    }
    bool const is_asked = repl_ == nullptr || !repl_->editor().is_open();
    if (is_asked && console_.on_terminal()) console_.prompt("\n");  // what comes next gets a line of its own
    if (client_) co_await login_->close();
    io_.stop();
}

void app::redraw_after(int signal)
{
    auto* const editor = repl_ != nullptr ? &repl_->editor() : nullptr;
    if (editor != nullptr && signal == SIGWINCH) editor->resized();
    if (signal == SIGCONT) {
        if (editor != nullptr) editor->resume();
        prompts_->resume();
    }
    if (signal != SIGTSTP) return;
    if (editor != nullptr) editor->suspend();
    prompts_->suspend();
    ::kill(0, SIGSTOP);
}

}  // namespace porter::programs
