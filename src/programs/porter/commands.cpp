// What a person may do in a conversation, apart from talking.

#include <fmt/format.h>

#include <limits>

#include "base/text.hpp"
#include "config/values.hpp"
#include "programs/porter/conversation.hpp"
#include "programs/porter/greeting.hpp"

namespace porter::programs {

namespace {

constexpr std::string_view help = R"(Each line is sent as it is. Or:
  /help         this list
  /whoami       who you are here
  /sessions     where you are logged in
  /revoke ID    end one of these sessions
  /password     change your password; your other sessions end
  /logout       end this session and leave
  /logout all   end all your sessions and leave
  /quit         leave; the session is kept (also Ctrl-D)
  //text        send /text)";

constexpr std::string_view via_texts[] = {"as everybody is",    "known by your address", "by the name you said",
                                          "with a new account", "by your password",      "by a kept session"};

}  // namespace

task<void> conversation::obey(std::string line)
{
    if (!line.starts_with('/')) co_return co_await send(std::move(line));
    if (line.starts_with("//")) co_return co_await send(line.substr(1));
    line.erase(line.find_last_not_of(' ') + 1);

    if (line == "/help") {
        talk_.tell(help);
    } else if (line == "/quit") {
        leave({});
    } else if (line == "/whoami") {
        show_who();
    } else if (line == "/sessions") {
        co_await show_sessions();
    } else if (line == "/password") {
        co_await change_password();
    } else if (line == "/logout") {
        co_await log_out(logout_scope::this_session);
    } else if (line == "/logout all") {
        co_await log_out(logout_scope::every_session);
    } else if (line.starts_with("/revoke ")) {
        co_await revoke(line.substr(line.find_first_not_of(' ', 8)));
    } else {
        talk_.tell("There is no " + rooms::base::escape(line) + ": /help lists what there is, //x sends /x");
    }
}

task<void> conversation::send(std::string text)
{
    auto sent = co_await door_->send(std::move(text));
    report(sent, {});
}

task<void> conversation::show_sessions()
{
    auto sessions = co_await door_->sessions();
    if (sessions) {
        talk_.tell(sessions_table(*sessions));
    } else {
        talk_.complain(line_of(sessions.error()));
    }
}

task<void> conversation::revoke(std::string id)
{
    auto const number = rooms::config::parse_number(id, 0, std::numeric_limits<std::uint64_t>::max());
    if (!number) {
        talk_.tell("/revoke takes the ID of a session, as /sessions shows it: " + number.error());
        co_return;
    }
    auto revoked = co_await door_->revoke(*number);
    report(revoked, fmt::format("Session {} is over.", *number));
}

task<void> conversation::change_password()
{
    talk_.keep_below(nullptr);
    editor_.hide();
    editor_.close();
    auto current = co_await ask_.ask_hidden("Current password: ");
    std::optional<rooms::base::secret> fresh;
    std::optional<rooms::base::secret> again;
    if (current) fresh = co_await ask_.ask_hidden("New password: ");
    if (fresh) again = co_await ask_.ask_hidden("New password again: ");
    editor_.open();
    talk_.keep_below(&editor_);

    if (!again) {
        talk_.tell("The password stays as it is.");
    } else if (fresh->view() != again->view()) {
        talk_.tell("The two are not the same. The password stays as it is.");
    } else {
        std::string from{current->view()};
        std::string to{fresh->view()};
        auto changed = co_await door_->change_password(std::move(from), std::move(to));
        report(changed, "The password is changed. Your other sessions are over.");
    }
}

task<void> conversation::log_out(logout_scope scope)
{
    logging_out_ = true;
    auto out = co_await door_->logout(scope);
    report(out, {});
    logging_out_ = out.has_value();
    if (!out) co_return;
    reception_.forget_session();
    leave({});
}

void conversation::show_who()
{
    auto const* const access = door_->granted();
    auto const& server = door_->server();
    if (access == nullptr) return talk_.tell("Not connected.");
    auto const known = static_cast<std::size_t>(access->via) < std::size(via_texts);
    auto line = access->name.empty() ? std::string{"Nobody in particular"} : rooms::base::escape(access->name);
    if (known) line += fmt::format(", {}", via_texts[static_cast<std::size_t>(access->via)]);
    if (access->session_id != 0) line += fmt::format(", session {}", access->session_id);
    talk_.tell(fmt::format("{}. The server is {}.", line, rooms::base::escape(server.agent)));
}

void conversation::report(client_result<void> const& done, std::string const& success)
{
    if (!done) {
        talk_.complain(line_of(done.error()));
    } else if (!success.empty()) {
        talk_.tell(success);
    }
}

}  // namespace porter::programs
