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
#include "programs/porter/second_factor_dialog.hpp"
#include "programs/porter/session_text.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

constexpr int silent_attempts = 3;  // of reconnecting; a server that restarts usually accepts again by then
constexpr std::string_view not_connected = "Not connected: connecting again.";
constexpr std::string_view connected_prompt = "> ";
constexpr std::string_view not_connected_prompt = "not connected> ";
constexpr std::chrono::seconds long_pause{5};  // reported at once

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

std::string lines_text(std::size_t count)
{
    return count == 1 ? "1 line" : fmt::format("{} lines", count);
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

bool is_session_over(client_error const& error)
{
    return error.cause == client_errc::closed && error.code == code::session_ended;
}

/// Whether to connect again. Not after an error that would happen again, nor when the server closed because it has
/// finished, because the user was silent or for a reason that this version does not know.
bool may_reconnect(client_error const& error)
{
    if (is_session_over(error)) return true;  // and log in
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

repl::repl(io_executor executor, std::shared_ptr<client>& connection, login_flow& login, console& console,
           prompts& prompts, output_format format)
    : executor_(executor),
      client_(connection),
      login_(login),
      console_(console),
      prompts_(prompts),
      format_(format),
      editor_(executor),
      dialog_ended_(executor),
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
    auto const access = [this](client& connection) { return get_access(connection); };
    auto const on_change = [this](client_state const& state) { on_state(state); };
    persistent_.emplace(login_.stay_connected(access, on_change));
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
    co_await close();
    while (receiving_) co_await receive_loop_ended_.wait();
    co_return *exit_;
}

void repl::exit(exit_status status)
{
    editor_.interrupt();
    if (exit_) return;
    exit_ = std::move(status);
    auto const kept = lines_.kept();
    if (kept > 0) console_.error(fmt::format("{} {} not sent", lines_text(kept), kept == 1 ? "was" : "were"));
}

task<void> repl::close()
{
    co_await login_.close();
    co_await persistent_->close();
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
    bool const is_factor = line == "/2fa" || line == "/2fa off";
    bool const is_exact =
        is_factor || line == "/sessions" || line == "/password" || line == "/logout" || line == "/logout all";
    if (!is_revoke && !is_exact) co_return console_.info(known->hint);
    if (!has_access()) co_return console_.info(not_connected);

    if (is_revoke) {
        co_await revoke(line.substr(line.find(' ') + 1));
    } else if (line == "/sessions") {
        co_await show_sessions();
    } else if (line == "/password") {
        co_await change_password();
    } else if (is_factor) {
        co_await change_second_factor(line == "/2fa");
    } else {
        auto const scope = line == "/logout" ? logout_scope::this_session : logout_scope::every_session;
        co_await log_out(scope);
    }
}

task<void> repl::send(std::string text)
{
    if (has_access()) {
        auto const queued = client_->queue(text);
        if (!queued) co_return report_error(queued.error());
        lines_.on_sent(timer::clock::now());
        auto const ignored = co_await client_->flush();  // show_loss() reports the end of the connection
        static_cast<void>(ignored);
    } else if (!lines_.keep(std::move(text))) {
        console_.info("Not sent: not connected, and too many lines are kept already.");
    } else if (!std::exchange(is_keeping_shown_, true)) {
        console_.info("Not connected: the lines that you enter are kept, and sent once connected again.");
    }
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
    open_dialog();
    auto current = co_await prompts_.ask_hidden("Current password: ");
    std::optional<secret> replacement;
    std::optional<secret> repeated;
    if (current) replacement = co_await ask_new_password();
    if (replacement) repeated = co_await prompts_.ask_hidden("New password again: ");
    close_dialog();

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

task<void> repl::change_second_factor(bool is_added)
{
    open_dialog();
    second_factor_dialog dialog{client_, console_, prompts_};
    if (is_added) {
        co_await dialog.add();
    } else {
        co_await dialog.remove();
    }
    close_dialog();
    if (prompts_.is_quit()) exit({});
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

/// The end of the connection is reported by show_loss(); a request that timed out leaves it open.
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

// Questions in place of the line.

/// Hides the line. What is typed goes to the prompts until close_dialog().
void repl::open_dialog()
{
    in_dialog_ = true;
    console_.set_editor(nullptr);
    editor_.hide();
    editor_.close();
}

void repl::close_dialog()
{
    prompts_.show_typing();
    editor_.open();
    console_.set_editor(&editor_);
    in_dialog_ = false;
    dialog_ended_.notify();
}

// Output.

task<void> repl::receive_loop()
{
    for (;;) {
        co_await show_received();
        if (exit_) co_return;
        show_loss(*client_->ended());
        auto connection = co_await persistent_->connected();
        if (exit_) co_return;
        if (!connection) co_return exit_on(*persistent_->ended());
        begin_connection(std::move(connection));
    }
}

/// Prints messages until the connection ends.
task<void> repl::show_received()
{
    auto const connection = client_;
    for (;;) {
        auto received = co_await connection->receive();
        if (!received) co_return;
        std::string lines;
        for (auto const* next = &*received; next != nullptr; next = connection->next()) {
            lines += format_message(*next, format_);
            if (next->is_text()) lines_.on_received();
        }
        editor_.hide();
        detail::terminal::write_all(STDOUT_FILENO, lines);
        editor_.show();
    }
}

void repl::show_loss(client_error const& error)
{
    editor_.set_prompt(std::string{not_connected_prompt});
    bool const is_normal = error.cause == client_errc::closed && error.code == code::normal;
    auto const lost = lines_.on_lost(timer::clock::now());
    if (logging_out_) return;
    if (is_normal) return console_.info("The server closed the connection.");
    if (is_session_over(error)) {
        console_.info(ended_session_line(login_.name()));
        login_.forget_session();
    } else if (may_reconnect(error)) {
        console_.error(fmt::format("{}; connecting again", clause_of(error)));
    }
    if (lost > 0) console_.info(fmt::format("{} may not have arrived.", lines_text(lost)));
}

void repl::begin_connection(std::shared_ptr<client> connection)
{
    client_ = std::move(connection);
    pauses_ = 0;
    is_keeping_shown_ = false;
    editor_.set_prompt(std::string{connected_prompt});
    auto const lines = lines_.take();
    if (lines.empty()) return console_.info("Connected again.");
    auto const verb = lines.size() == 1 ? "is" : "are";
    console_.info(fmt::format("Connected again; {} {} sent.", lines_text(lines.size()), verb));
    for (auto const& line : lines) {
        auto const queued = client_->queue(line);
        if (queued) {
            lines_.on_sent(timer::clock::now());
        } else {
            report_error(queued.error());
        }
    }
}

/// After the client has stopped for good, or must not go on.
void repl::exit_on(client_error const& error)
{
    bool const is_normal = error.cause == client_errc::closed && error.code == code::normal;
    if (is_normal) return exit({exit_code_of(error), {}});  // printed already
    exit(exit_status_for(error));
}

// Connecting again.

/// For each new connection. Asks for the password if the session has ended.
task<client_result<void>> repl::get_access(client& connection)
{
    if (!login_.needs_password()) {
        auto resumed = co_await login_.resume_access(connection);
        if (resumed || !login_.needs_password()) co_return resumed;
        console_.info(ended_session_line(login_.name()));  // show_loss() has not printed it
    }
    while (in_dialog_) co_await dialog_ended_.wait();
    open_dialog();
    auto logged_in = co_await login_.log_in_again(connection);
    close_dialog();
    if (logged_in) co_return *logged_in;
    exit(logged_in.error());
    co_return unexpected(client_error{client_errc::not_sent, {code::unauthorized, "the user quit"}});
}

/// Reports attempts that fail for a longer time.
void repl::on_state(client_state const& state)
{
    if (exit_ || state.phase != client_phase::waiting) return;
    bool const is_attempt = pauses_++ > 0;  // the first pause is after the loss
    if (!may_reconnect(*state.error)) return exit_on(*state.error);
    bool const is_reported = is_attempt && (pauses_ > silent_attempts || state.error->retry_after >= long_pause);
    if (is_reported) console_.info(retry_line(*state.error, state.pause));
}

}  // namespace porter::programs
