#include "programs/porter/visit.hpp"

#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <csignal>

#include "base/asio.hpp"
#include "base/text.hpp"
#include "config/host.hpp"
#include "programs/porter/conversation.hpp"
#include "programs/porter/piping.hpp"
#include "programs/porter/reception.hpp"

namespace porter::programs {

namespace {

namespace base = rooms::base;
namespace config = rooms::config;
using config::exit_code;

std::string const usual_host = "localhost";
constexpr std::uint16_t usual_port = 7678;

std::string lower(std::string text)
{
    for (auto& letter : text) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return text;
}

}  // namespace

visit::visit(asio::io_context& io, porter_options const& options, talk& says)
    : io_(io), options_(options), talk_(says), signals_(io.get_executor(), SIGINT, SIGTERM, SIGHUP)
{
    signals_.add(SIGQUIT);
    if (!talk_.on_terminal()) return;
    ask_.emplace(io.get_executor(), talk_);
    signals_.add(SIGWINCH);
    signals_.add(SIGTSTP);
    signals_.add(SIGCONT);
}

visit::~visit() = default;

leaving visit::run()
{
    auto const over = [this](std::exception_ptr const& defect, leaving why) {
        if (defect) why = leaving_for(defect);
        if (!leaving_) leaving_ = std::move(why);
        io_.stop();
    };
    auto const watched = [](std::exception_ptr const&) {};  // signals are handled no more: the default ends the program
    asio::co_spawn(io_, go(), over);
    asio::co_spawn(io_, watch_signals(), watched);
    io_.run();
    return *leaving_;
}

task<leaving> visit::go()
{
    auto const executor = co_await asio::this_coro::executor;
    auto where = co_await ask_where();
    if (!where) co_return where.error();
    rooms::client::place at;
    at.host = lower(host_);
    at.port = port_;
    reception entrance{executor, options_, std::move(at), door_, talk_, ask_ ? &*ask_ : nullptr};
    entrance_ = &entrance;
    auto entered = co_await entrance.enter();
    if (!entered) {
        if (door_) co_await door_->close();
        co_return entered.error();
    }
    if (!ask_) {
        bool const shown = ::isatty(STDOUT_FILENO) == 1;
        auto const how = options_.json ? showing::json : shown ? showing::terminal : showing::text;
        piping through{executor, *door_, entrance, how, options_.linger};
        auto over = co_await through.run();
        co_return over;
    }
    auto const how = options_.json ? showing::json : showing::terminal;
    conversation talking{executor, door_, entrance, talk_, *ask_, how};
    talking_ = &talking;
    auto over = co_await talking.hold();
    talking_ = nullptr;
    co_return over;
}

task<outcome<void>> visit::ask_where()
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

task<outcome<void>> visit::ask_host()
{
    if (!ask_) co_return refuse(leaving{exit_code::usage, "no host is given: porter HOST PORT"});
    for (;;) {
        auto typed = co_await ask_->ask(std::string{"Host ["} + usual_host + "]: ");
        if (!typed) co_return refuse(leaving{});
        auto const host = config::parse_host(typed->empty() ? usual_host : *typed);
        if (host) {
            host_ = *host;
            co_return outcome<void>{};
        }
        talk_.tell(host.error());
    }
}

task<outcome<void>> visit::ask_port()
{
    if (!ask_) co_return refuse(leaving{exit_code::usage, "no port is given: porter HOST PORT"});
    for (;;) {
        auto typed = co_await ask_->ask("Port [" + std::to_string(usual_port) + "]: ");
        if (!typed) co_return refuse(leaving{});
        auto const port = config::parse_port(typed->empty() ? std::to_string(usual_port) : *typed, 1);
        if (port) {
            port_ = *port;
            co_return outcome<void>{};
        }
        talk_.tell(port.error());
    }
}

task<void> visit::watch_signals()
{
    for (;;) {
        auto [error, signal] = co_await signals_.async_wait(base::use_tuple);
        if (error) co_return;
        if (signal == SIGWINCH || signal == SIGTSTP || signal == SIGCONT) {
            redraw_after(signal);
            continue;
        }
        if (signal == SIGINT && talking_ != nullptr && talking_->editor().clear()) continue;
        signals_.clear();  // a second one ends the program at once
        co_await leave_by(signal);
        co_return;
    }
}

/// Ctrl-C is a way to leave like another; the other signals say that somebody else wanted the end.
task<void> visit::leave_by(int signal)
{
    bool const by_person = signal == SIGINT && talk_.on_terminal();
    leaving_ = leaving{by_person ? exit_code::ok : static_cast<exit_code>(128 + signal), {}};
    if (ask_) ask_->show_typing();  // a second signal leaves no time for it
    if (talking_ != nullptr) {
        talking_->leave({});
    }
    bool const is_asked = talking_ == nullptr || !talking_->editor().is_open();
    if (is_asked && talk_.on_terminal()) talk_.prompt("\n");  // what comes next gets a line of its own
    if (door_) co_await entrance_->close();
    io_.stop();
}

void visit::redraw_after(int signal)
{
    auto* const editor = talking_ != nullptr ? &talking_->editor() : nullptr;
    if (editor != nullptr && signal == SIGWINCH) editor->resized();
    if (signal == SIGCONT) {
        if (editor != nullptr) editor->resume();
        ask_->resume();
    }
    if (signal != SIGTSTP) return;
    if (editor != nullptr) editor->suspend();
    ask_->suspend();
    ::kill(0, SIGSTOP);
}

}  // namespace porter::programs
