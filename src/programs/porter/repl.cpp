#include "programs/porter/repl.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <limits>

#include "config/values.hpp"
#include "porter/text.hpp"
#include "programs/porter/command_list.hpp"
#include "programs/porter/password_rules.hpp"
#include "programs/porter/session_text.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

constexpr int silent_attempts = 3;  // of reconnecting; a server that restarts usually accepts again by then
constexpr std::string_view not_connected = "Not connected: connecting again.";

/// For /whoami, by auth_method.
constexpr std::string_view auth_method_texts[] = {"open access",        "known by your address", "by the name you gave",
                                                  "with a new account", "by your password",      "by a saved session"};

std::string retry_line(client_error error, std::chrono::milliseconds pause)
{
    error.retry_after = {};  // the pause includes it
    auto const reason = error.system ? escape(error.system.message()) : clause_of(error);
    return fmt::format("Still not connected ({}): next try in {} s, /quit quits.", reason,
                       std::chrono::ceil<std::chrono::seconds>(pause).count());
}

/// The words of a line, separated by single spaces.
std::string collapse_blanks(std::string_view line)
{
    constexpr std::string_view blanks = " \t";
    std::string collapsed;
    for (auto at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
        auto const end = std::min(line.find_first_of(blanks, at), line.size());
        if (!collapsed.empty()) collapsed += ' ';
        collapsed += line.substr(at, end - at);
        at = line.find_first_not_of(blanks, end);
    }
    return collapsed;
}

/// Whether to connect again. Not after an error that would happen again, nor when the server closed because it has
/// finished, because the user was silent or for a reason that this version does not know.
bool may_reconnect(client_error const& error)
{
    if (error.is_final()) return false;
    if (error.cause != client_errc::closed && error.cause != client_errc::denied) return true;
    switch (error.code) {
        case code::normal:
        case code::idle:
        case code::too_many_attempts:
            return false;
        default:
            return name_of(error.code) != "unknown";
    }
}

/// The code also stands for a wrong name, but the name of a session is right.
bool is_wrong_password(client_error const& error)
{
    return error.cause == client_errc::denied && error.code == code::bad_credentials;
}

}  // namespace

repl::repl(io_executor executor, std::optional<client>& connection, login_flow& login, console& console,
           prompts& prompts, output_format format)
    : executor_(executor),
      client_(connection),
      login_(login),
      console_(console),
      prompts_(prompts),
      format_(format),
      editor_(executor),
      pause_(executor),
      receive_loop_ended_(executor)
{}

task<exit_status> repl::run()
{
    auto const finished = [this](std::exception_ptr const& defect) {
        if (defect) exit(exit_status_for(defect));
        receiving_ = false;
        receive_loop_ended_.notify();
    };
    receiving_ = true;
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
    pause_.notify();
    co_await login_.close();
    while (receiving_) co_await receive_loop_ended_.wait();
    co_return *exit_;
}

void repl::exit(exit_status status)
{
    if (!exit_) exit_ = std::move(status);
    editor_.interrupt();
}

// Input.

task<void> repl::run_command(std::string line)
{
    auto command = collapse_blanks(line);
    if (!command.starts_with('/')) co_return co_await send(std::move(line));
    if (line.starts_with("//")) co_return co_await send(line.substr(1));
    if (command.starts_with("//")) co_return co_await send(std::move(line));  // a text that begins with blanks
    auto const* const known = find_command(command);
    if (known != nullptr) command.replace(0, known->name.size(), known->name);  // /QUIT is /quit
    bool const has_accounts = client_->server().access == access::authenticate;

    if (known == nullptr) {
        console_.info(fmt::format("There is no command {}: /help lists them, //x sends /x", escape(command)));
    } else if (known->needs_account && !has_accounts) {
        console_.info("This server has no accounts.");
    } else if (command == "/help") {
        console_.info(list_of_commands(has_accounts));
    } else if (command == "/quit") {
        exit({});
    } else if (command == "/whoami") {
        show_identity();
    } else if (known->needs_account) {
        co_await run_account_command(std::move(command), known);
    } else {
        console_.info(known->hint);
    }
}

/// The commands that are requests to the server.
task<void> repl::run_account_command(std::string line, command const* known)
{
    bool const is_revoke = line.starts_with("/revoke ");
    bool const is_exact = line == "/sessions" || line == "/password" || line == "/logout" || line == "/logout all";
    if (!is_revoke && !is_exact) co_return console_.info(known->hint);
    if (!has_access()) co_return console_.info(not_connected);

    if (is_revoke) {
        co_await revoke(line.substr(line.find(' ') + 1));
    } else if (line == "/sessions") {
        co_await show_sessions();
    } else if (line == "/password") {
        co_await change_password();
    } else {
        auto const scope = line == "/logout" ? logout_scope::this_session : logout_scope::every_session;
        co_await log_out(scope);
    }
}

task<void> repl::send(std::string text)
{
    if (has_access()) {
        auto sent = co_await client_->send(text);
        if (sent) co_return;
        if (sent.error().cause == client_errc::not_sent) co_return report_error(sent.error());
    }
    if (!exit_) console_.info("Not sent: not connected; connecting again.");
}

task<void> repl::show_sessions()
{
    auto sessions = co_await client_->sessions();
    if (sessions) {
        console_.info(sessions_table(*sessions));
    } else {
        report_error(sessions.error());
    }
}

task<void> repl::revoke(std::string id)
{
    auto const number = detail::config::parse_number(id, 0, std::numeric_limits<std::uint64_t>::max());
    if (!number) {
        console_.info(fmt::format("\"{}\" is not a session's ID", escape(id)));
        co_return;
    }
    auto revoked = co_await client_->revoke(*number);
    report(revoked, fmt::format("Session {} is over.", *number));
}

/// None: the answer was empty, or the user quit.
task<std::optional<secret>> repl::ask_new_password()
{
    console_.info(new_password_rule());
    for (;;) {
        auto password = co_await prompts_.ask_hidden("New password: ");
        if (!password) co_return std::nullopt;
        if (password->empty()) co_return std::nullopt;
        auto const error = new_password_error(*password);
        if (!error) co_return std::move(*password);
        console_.info(*error);
    }
}

task<void> repl::change_password()
{
    console_.set_editor(nullptr);
    editor_.hide();
    editor_.close();
    auto current = co_await prompts_.ask_hidden("Current password: ");
    std::optional<secret> replacement;
    std::optional<secret> repeated;
    if (current) replacement = co_await ask_new_password();
    if (replacement) repeated = co_await prompts_.ask_hidden("New password again: ");
    prompts_.show_typing();
    editor_.open();
    console_.set_editor(&editor_);

    if (prompts_.is_quit()) co_return exit({});
    if (!repeated) {
        console_.info("The password is unchanged.");
    } else if (replacement->view() != repeated->view()) {
        console_.info("The two are not the same. The password is unchanged.");
    } else {
        std::string from{current->view()};
        std::string to{replacement->view()};
        auto changed = co_await client_->change_password(std::move(from), std::move(to));
        if (!changed && is_wrong_password(changed.error())) {
            console_.info("The current password is wrong. The password is unchanged.");
        } else {
            report(changed, "The password is changed. Your other sessions are over.");
        }
    }
}

task<void> repl::log_out(logout_scope scope)
{
    logging_out_ = true;
    auto const name = escape(login_.name());
    auto logged_out = co_await client_->logout(scope);
    report(logged_out, scope == logout_scope::this_session
                           ? fmt::format("You are logged out: your session as {} is over.", name)
                           : fmt::format("You are logged out: all sessions of {} are over.", name));
    logging_out_ = logged_out.has_value();
    if (!logged_out) co_return;
    login_.forget_session();
    exit({});
}

void repl::show_identity()
{
    if (!has_access()) return console_.info(not_connected);
    auto const* const access = client_->granted();
    auto const method = static_cast<std::size_t>(access->auth_method);
    auto line = access->name.empty() ? std::string{"Anonymous"} : escape(access->name);
    if (method < std::size(auth_method_texts)) line += fmt::format(", {}", auth_method_texts[method]);
    if (access->session_id != 0) line += fmt::format(", session {}", access->session_id);
    console_.info(fmt::format("{}. The server is {}.", line, escape(client_->server().agent)));
}

void repl::report(client_result<void> const& result, std::string const& success)
{
    if (result) {
        console_.info(success);
    } else {
        report_error(result.error());
    }
}

/// The end of the connection is reported by reconnect(); a request that timed out leaves it open.
void repl::report_error(client_error const& error)
{
    if (exit_) return;  // the user quit before the reply
    if (error.cause == client_errc::denied) {
        auto const seconds = error.retry_after.count();
        auto const retry = seconds > 0 ? fmt::format(" Try again in {} s.", seconds) : std::string{};
        console_.info(fmt::format("{}{}", sentence_of(error), retry));
    } else if (error.cause == client_errc::not_sent || error.cause == client_errc::timed_out) {
        console_.info(sentence_of(error));
    } else {
        console_.info(not_connected);
    }
}

/// False also while a new connection has no access yet.
bool repl::has_access() const
{
    return client_->ended() == nullptr && client_->granted() != nullptr;
}

// Output.

task<void> repl::receive_loop()
{
    while (!exit_) {
        co_await show_received();
        if (exit_) co_return;
        auto const reconnected = co_await reconnect();
        if (!reconnected) co_return;
    }
}

/// Prints messages until the connection ends.
task<void> repl::show_received()
{
    for (;;) {
        auto received = co_await client_->receive();
        if (!received) co_return;
        auto lines = format_message(*received, format_);
        while (auto const* more = client_->next()) lines += format_message(*more, format_);
        editor_.hide();
        detail::terminal::write_all(STDOUT_FILENO, lines);
        editor_.show();
    }
}

/// Reconnects after the connection has ended, as long as that may help. False: it does not, and the program exits.
task<bool> repl::reconnect()
{
    auto error = *client_->ended();
    bool const is_normal = error.cause == client_errc::closed && error.code == code::normal;
    if (is_normal && !logging_out_) console_.info("The server closed the connection.");
    if (!is_normal && may_reconnect(error)) {
        console_.error(fmt::format("{}; connecting again", clause_of(error)));
    }
    for (int failed = 0; !exit_ && may_reconnect(error); ++failed) {
        auto const pause = backoff_.next(error.retry_after);
        if (failed >= silent_attempts) console_.info(retry_line(error, pause));
        co_await pause_.wait_for(pause);
        if (exit_) break;
        auto logged_in = co_await login_.log_in_again();
        if (logged_in) {
            backoff_.reset();
            console_.info("Connected again.");
            co_return true;
        }
        error = logged_in.error();
        co_await client_->close();  // a denial leaves the connection open, and the next attempt makes a new one
    }
    bool const has_session_ended = error.code == code::session_ended || error.code == code::invalid_token;
    if (has_session_ended && !logging_out_) console_.info(ended_session_line(login_.name()));
    if (has_session_ended || is_normal) exit({exit_code_of(error), {}});  // printed already
    exit(exit_status_for(error));
    co_return false;
}

}  // namespace porter::programs
