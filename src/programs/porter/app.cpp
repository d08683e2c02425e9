#include "programs/porter/app.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <asio/redirect_error.hpp>
#include <csignal>

#include "config/host.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/pipe_session.hpp"
#include "programs/porter/repl.hpp"
#include "programs/porter/standard_stream.hpp"
#include "programs/porter/tunnel.hpp"
#include "programs/porter/tunnel_listener.hpp"
#include "terminal/text.hpp"

namespace porter::programs {

namespace {

namespace config = detail::config;
using config::exit_code;

std::string const default_host = "localhost";

}  // namespace

app::app(asio::io_context& io, porter_options const& options, console& console)
    : io_(io), options_(options), console_(console), signals_(io.get_executor(), SIGINT, SIGTERM, SIGHUP)
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
    auto const session_ended = [this](std::exception_ptr const& defect, exit_status status) {
        if (defect) status = exit_status_for(defect);
        if (!exit_) exit_ = std::move(status);
        io_.stop();
    };
    auto const ignored = [](std::exception_ptr const&) {};  // the default action of a signal ends the program
    asio::co_spawn(io_, run_session(), session_ended);
    asio::co_spawn(io_, watch_signals(), ignored);
    io_.run();
    return *exit_;
}

task<exit_status> app::run_session()
{
    auto const executor = co_await asio::this_coro::executor;
    auto asked = co_await ask_server();
    if (!asked) co_return asked.error();
    server_identity server;
    server.host = detail::terminal::lower(host_);
    server.port = port_;
    login_flow login{executor, options_, std::move(server), client_, console_, prompts_ ? &*prompts_ : nullptr};
    login_ = &login;
    if (options_.listen) {
        tunnel_listener listener{executor, options_, login, client_, console_};
        listener_ = &listener;
        auto status = co_await listener.run();
        listener_ = nullptr;
        co_return status;
    }
    auto logged_in = co_await login.log_in();
    if (!logged_in) {
        if (client_) co_await client_->close();
        co_return logged_in.error();
    }
    if (options_.stdio) {
        auto status = co_await pass_standard_streams();
        co_return status;
    }
    if (!prompts_) {
        bool const is_terminal = ::isatty(STDOUT_FILENO) == 1;
        auto const text_format = is_terminal ? output_format::terminal : output_format::text;
        auto const format = options_.json ? output_format::json : text_format;
        pipe_session session{executor, *client_, login, format, options_.linger};
        auto status = co_await session.run();
        co_return status;
    }
    auto const format = options_.json ? output_format::json : output_format::terminal;
    repl session{executor, client_, login, console_, *prompts_, format};
    repl_ = &session;
    auto status = co_await session.run();
    repl_ = nullptr;
    co_return status;
}

task<exit_status> app::pass_standard_streams()
{
    auto const executor = co_await asio::this_coro::executor;
    standard_stream streams{executor};
    tunnel passing{executor, client_, streams};
    auto status = co_await passing.run();
    co_await login_->close();
    co_await passing.join();
    co_return status;
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
        auto typed = co_await prompts_->ask(fmt::format("Host [{}]: ", default_host));
        if (!typed) co_return unexpected(exit_status{});
        auto const host = config::parse_host(typed->empty() ? default_host : *typed);
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
        auto typed = co_await prompts_->ask(fmt::format("Port [{}]: ", default_port));
        if (!typed) co_return unexpected(exit_status{});
        auto const port = config::parse_port(typed->empty() ? std::to_string(default_port) : *typed, 1);
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
        std::error_code error;
        auto const signal = co_await signals_.async_wait(asio::redirect_error(use_task, error));
        if (error) co_return;
        if (signal == SIGWINCH || signal == SIGTSTP || signal == SIGCONT) {
            update_terminal(signal);
            continue;
        }
        if (signal == SIGINT && repl_ != nullptr && repl_->editor().clear()) continue;
        signals_.clear();  // a second signal ends the program at once
        co_await exit_on(signal);
        co_return;
    }
}

/// Ctrl-C on a terminal is a normal way to quit, and a signal the way to end a listener.
task<void> app::exit_on(int signal)
{
    if (listener_ != nullptr && listener_->is_listening()) co_return listener_->stop();
    bool const is_normal = signal == SIGINT && console_.on_terminal();
    exit_ = exit_status{is_normal ? exit_code::ok : static_cast<exit_code>(128 + signal), {}};
    if (prompts_) prompts_->show_typing();  // now, as a second signal ends the program at once
    if (repl_ != nullptr) repl_->exit({});
    bool const is_at_prompt = repl_ == nullptr || !repl_->editor().is_open();
    if (is_at_prompt && console_.on_terminal()) console_.prompt("\n");
    if (repl_ != nullptr) {
        co_await repl_->close();
    } else if (client_) {
        co_await login_->close();
    }
    io_.stop();
}

void app::update_terminal(int signal)
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
