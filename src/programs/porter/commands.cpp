// What a person may do in a conversation, apart from talking.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/text.hpp"
#include "config/values.hpp"
#include "programs/porter/command_list.hpp"
#include "programs/porter/conversation.hpp"
#include "programs/porter/greeting.hpp"
#include "programs/porter/new_password.hpp"

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
bool is_wrong_password(client_failure const& failed)
{
    return failed.why == client_failure::cause::denied && failed.what == code::bad_credentials;
}

}  // namespace

task<void> conversation::obey(std::string line)
{
    auto const words = words_of(line);
    if (words.empty() || !words.front().starts_with('/')) co_return co_await send(std::move(line));
    if (line.starts_with("//")) co_return co_await send(line.substr(1));
    if (words.front().starts_with("//")) co_return co_await send(std::move(line));  // its blanks belong to the text
    line = fmt::format("{}", fmt::join(words, " "));
    auto const* const known = find_command(line);
    if (known != nullptr) line.replace(0, known->name.size(), known->name);  // /QUIT is /quit
    bool const has_accounts = door_->server().access == access::authenticate;

    if (known == nullptr) {
        talk_.tell("There is no " + rooms::base::escape(line) + ": /help lists what there is, //x sends /x");
    } else if (known->of_accounts && !has_accounts) {
        talk_.tell("This server has no accounts.");
    } else if (line == "/help") {
        talk_.tell(list_of_commands(has_accounts));
    } else if (line == "/quit") {
        leave({});
    } else if (line == "/whoami") {
        show_who();
    } else if (known->of_accounts) {
        co_await obey_for_account(std::move(line), known);
    } else {
        talk_.tell(known->hint);
    }
}

/// The commands that the server must answer.
task<void> conversation::obey_for_account(std::string line, command const* known)
{
    bool const revokes = line.starts_with("/revoke ");
    bool const whole = line == "/sessions" || line == "/password" || line == "/logout" || line == "/logout all";
    if (!revokes && !whole) co_return talk_.tell(known->hint);
    if (!is_connected()) co_return talk_.tell("Not connected: connecting again.");

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

task<void> conversation::send(std::string text)
{
    if (is_connected()) {
        auto sent = co_await door_->send(std::move(text));
        if (sent) co_return;
        if (sent.error().why == client_failure::cause::not_sent) co_return complain(sent.error());
    }
    if (!leaving_) talk_.tell("Not sent: not connected; connecting again.");
}

task<void> conversation::show_sessions()
{
    auto sessions = co_await door_->sessions();
    if (sessions) {
        talk_.tell(sessions_table(*sessions));
    } else {
        complain(sessions.error());
    }
}

task<void> conversation::revoke(std::string id)
{
    auto const number = rooms::config::parse_number(id, 0, std::numeric_limits<std::uint64_t>::max());
    if (!number) {
        talk_.tell("\"" + rooms::base::escape(id) + "\" is not a session's ID");
        co_return;
    }
    auto revoked = co_await door_->revoke(*number);
    report(revoked, fmt::format("Session {} is over.", *number));
}

task<std::optional<rooms::base::secret>> conversation::ask_new_password()
{
    talk_.tell(rule_for_new_password());
    for (;;) {
        auto fresh = co_await ask_.ask_hidden("New password: ");
        if (!fresh) co_return std::nullopt;
        if (fresh->empty()) co_return std::nullopt;
        auto const broken = broken_rule_of_new_password(*fresh);
        if (!broken) co_return std::move(*fresh);
        talk_.tell(*broken);
    }
}

task<void> conversation::change_password()
{
    talk_.keep_below(nullptr);
    editor_.hide();
    editor_.close();
    auto current = co_await ask_.ask_hidden("Current password: ");
    std::optional<rooms::base::secret> fresh;
    std::optional<rooms::base::secret> again;
    if (current) fresh = co_await ask_new_password();
    if (fresh) again = co_await ask_.ask_hidden("New password again: ");
    ask_.show_typing();
    editor_.open();
    talk_.keep_below(&editor_);

    if (ask_.is_left()) co_return leave({});
    if (!again) {
        talk_.tell("The password stays as it is.");
    } else if (fresh->view() != again->view()) {
        talk_.tell("The two are not the same. The password stays as it is.");
    } else {
        std::string from{current->view()};
        std::string to{fresh->view()};
        auto changed = co_await door_->change_password(std::move(from), std::move(to));
        if (!changed && is_wrong_password(changed.error())) {
            talk_.tell("The current password is wrong. The password stays as it is.");
        } else {
            report(changed, "The password is changed. Your other sessions are over.");
        }
    }
}

task<void> conversation::log_out(logout_scope scope)
{
    logging_out_ = true;
    auto out = co_await door_->logout(scope);
    report(out, scope == logout_scope::this_session ? "You are logged out: this session is over."
                                                    : "You are logged out: all your sessions are over.");
    logging_out_ = out.has_value();
    if (!out) co_return;
    reception_.forget_session();
    leave({});
}

void conversation::show_who()
{
    auto const* const access = door_->granted();
    auto const& server = door_->server();
    if (!is_connected()) return talk_.tell("Not connected: connecting again.");
    auto const known = static_cast<std::size_t>(access->via) < std::size(via_texts);
    auto line = access->name.empty() ? std::string{"Nobody in particular"} : rooms::base::escape(access->name);
    if (known) line += fmt::format(", {}", via_texts[static_cast<std::size_t>(access->via)]);
    if (access->session_id != 0) line += fmt::format(", session {}", access->session_id);
    talk_.tell(fmt::format("{}. The server is {}.", line, rooms::base::escape(server.agent)));
}

void conversation::report(client_result<void> const& done, std::string const& success)
{
    if (!done) {
        complain(done.error());
    } else if (!success.empty()) {
        talk_.tell(success);
    }
}

/// What the connection's end is, listen() tells.
void conversation::complain(client_failure const& failed)
{
    using cause = client_failure::cause;
    if (leaving_) return;  // it was given up
    if (failed.why == cause::denied) {
        auto const seconds = failed.retry_after.count();
        talk_.tell(sentence_of(failed) + (seconds > 0 ? fmt::format(" Try again in {} s.", seconds) : ""));
    } else if (failed.why == cause::not_sent) {
        talk_.complain(line_of(failed));
    } else {
        talk_.tell("Not connected: connecting again.");
    }
}

/// Before access the new connection is of no use to a person.
bool conversation::is_connected() const
{
    return door_->ended() == nullptr && door_->granted() != nullptr;
}

}  // namespace porter::programs
