// What a person may do in a conversation, apart from talking.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/text.hpp"
#include "config/values.hpp"
#include "programs/porter/command_list.hpp"
#include "programs/porter/greeting.hpp"
#include "programs/porter/new_password.hpp"
#include "programs/porter/repl.hpp"

namespace porter::programs {

namespace {

constexpr std::string_view via_texts[] = {"as everybody is",    "known by your address", "by the name you said",
                                          "with a new account", "by your password",      "by a kept session"};

std::vector<std::string> words_of(std::string const& line)
{
    constexpr std::string_view blanks = " \t";
    std::vector<std::string> words;
    for (auto at = line.find_first_not_of(blanks); at != std::string::npos;) {
        auto const end = std::min(line.find_first_of(blanks, at), line.size());
        words.push_back(line.substr(at, end - at));
        at = line.find_first_not_of(blanks, end);
    }
    return words;
}

/// The server says the same of names; in a conversation the name is not in doubt.
bool is_wrong_password(client_error const& failed)
{
    return failed.cause == client_errc::denied && failed.code == code::bad_credentials;
}

}  // namespace

task<void> repl::run_command(std::string line)
{
    auto const words = words_of(line);
    if (words.empty() || !words.front().starts_with('/')) co_return co_await send(std::move(line));
    if (line.starts_with("//")) co_return co_await send(line.substr(1));
    if (words.front().starts_with("//")) co_return co_await send(std::move(line));  // its blanks belong to the text
    line = fmt::format("{}", fmt::join(words, " "));
    auto const* const known = find_command(line);
    if (known != nullptr) line.replace(0, known->name.size(), known->name);  // /QUIT is /quit
    bool const has_accounts = client_->server().access == access::authenticate;

    if (known == nullptr) {
        console_.info("There is no " + detail::base::escape(line) + ": /help lists what there is, //x sends /x");
    } else if (known->of_accounts && !has_accounts) {
        console_.info("This server has no accounts.");
    } else if (line == "/help") {
        console_.info(list_of_commands(has_accounts));
    } else if (line == "/quit") {
        exit({});
    } else if (line == "/whoami") {
        show_identity();
    } else if (known->of_accounts) {
        co_await run_account_command(std::move(line), known);
    } else {
        console_.info(known->hint);
    }
}

/// The commands that the server must answer.
task<void> repl::run_account_command(std::string line, command const* known)
{
    bool const revokes = line.starts_with("/revoke ");
    bool const whole = line == "/sessions" || line == "/password" || line == "/logout" || line == "/logout all";
    if (!revokes && !whole) co_return console_.info(known->hint);
    if (!is_connected()) co_return console_.info("Not connected: connecting again.");

    if (revokes) {
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
    if (is_connected()) {
        auto sent = co_await client_->send(std::move(text));
        if (sent) co_return;
        if (sent.error().cause == client_errc::not_sent) co_return complain(sent.error());
    }
    if (!exit_) console_.info("Not sent: not connected; connecting again.");
}

task<void> repl::show_sessions()
{
    auto sessions = co_await client_->sessions();
    if (sessions) {
        console_.info(sessions_table(*sessions));
    } else {
        complain(sessions.error());
    }
}

task<void> repl::revoke(std::string id)
{
    auto const number = detail::config::parse_number(id, 0, std::numeric_limits<std::uint64_t>::max());
    if (!number) {
        console_.info("\"" + detail::base::escape(id) + "\" is not a session's ID");
        co_return;
    }
    auto revoked = co_await client_->revoke(*number);
    report(revoked, fmt::format("Session {} is over.", *number));
}

task<std::optional<detail::base::secret>> repl::ask_new_password()
{
    console_.info(rule_for_new_password());
    for (;;) {
        auto fresh = co_await prompts_.ask_hidden("New password: ");
        if (!fresh) co_return std::nullopt;
        if (fresh->empty()) co_return std::nullopt;
        auto const broken = broken_rule_of_new_password(*fresh);
        if (!broken) co_return std::move(*fresh);
        console_.info(*broken);
    }
}

task<void> repl::change_password()
{
    console_.set_editor(nullptr);
    editor_.hide();
    editor_.close();
    auto current = co_await prompts_.ask_hidden("Current password: ");
    std::optional<detail::base::secret> fresh;
    std::optional<detail::base::secret> again;
    if (current) fresh = co_await ask_new_password();
    if (fresh) again = co_await prompts_.ask_hidden("New password again: ");
    prompts_.show_typing();
    editor_.open();
    console_.set_editor(&editor_);

    if (prompts_.is_left()) co_return exit({});
    if (!again) {
        console_.info("The password stays as it is.");
    } else if (fresh->view() != again->view()) {
        console_.info("The two are not the same. The password stays as it is.");
    } else {
        std::string from{current->view()};
        std::string to{fresh->view()};
        auto changed = co_await client_->change_password(std::move(from), std::move(to));
        if (!changed && is_wrong_password(changed.error())) {
            console_.info("The current password is wrong. The password stays as it is.");
        } else {
            report(changed, "The password is changed. Your other sessions are over.");
        }
    }
}

task<void> repl::log_out(logout_scope scope)
{
    logging_out_ = true;
    auto const name = detail::base::escape(login_.name());
    auto out = co_await client_->logout(scope);
    report(out, scope == logout_scope::this_session
                    ? fmt::format("You are logged out: your session as {} is over.", name)
                    : fmt::format("You are logged out: all sessions of {} are over.", name));
    logging_out_ = out.has_value();
    if (!out) co_return;
    login_.forget_session();
    exit({});
}

void repl::show_identity()
{
    auto const* const access = client_->granted();
    auto const& server = client_->server();
    if (!is_connected()) return console_.info("Not connected: connecting again.");
    auto const known = static_cast<std::size_t>(access->auth_method) < std::size(via_texts);
    auto line = access->name.empty() ? std::string{"Nobody in particular"} : detail::base::escape(access->name);
    if (known) line += fmt::format(", {}", via_texts[static_cast<std::size_t>(access->auth_method)]);
    if (access->session_id != 0) line += fmt::format(", session {}", access->session_id);
    console_.info(fmt::format("{}. The server is {}.", line, detail::base::escape(server.agent)));
}

void repl::report(client_result<void> const& done, std::string const& success)
{
    if (!done) {
        complain(done.error());
    } else if (!success.empty()) {
        console_.info(success);
    }
}

/// What the connection's end is, listen() tells.
void repl::complain(client_error const& failed)
{
    if (exit_) return;  // it was given up
    if (failed.cause == client_errc::denied) {
        auto const seconds = failed.retry_after.count();
        console_.info(sentence_of(failed) + (seconds > 0 ? fmt::format(" Try again in {} s.", seconds) : ""));
    } else if (failed.cause == client_errc::not_sent) {
        console_.info(sentence_of(failed));
    } else {
        console_.info("Not connected: connecting again.");
    }
}

/// Before access the new connection is of no use to a person.
bool repl::is_connected() const
{
    return client_->ended() == nullptr && client_->granted() != nullptr;
}

}  // namespace porter::programs
