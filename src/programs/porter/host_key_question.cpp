// How the reception connects and comes to trust a server.

#include <algorithm>

#include "base/text.hpp"
#include "client/delayed_call.hpp"
#include "client/known_server_line.hpp"
#include "client/known_servers.hpp"
#include "client/private_file.hpp"
#include "programs/porter/login_flow.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
using detail::config::exit_code;

constexpr std::chrono::seconds silent_connecting{1};  // a person wonders after that

}  // namespace

/// Whether the user's own files may be believed: a planted key would be trusted, a planted session be somebody else's.
/// That has to be looked into by a person, before anything is sent.
outcome<void> login_flow::check_state() const
{
    using namespace detail::client;
    for (auto const& file : {known_servers::default_file(), saved_sessions::default_file()}) {
        if (file.empty()) continue;
        auto const reason = state_file_error(file);
        if (reason)
            return unexpected(exit_status{exit_code::bad_configuration, base::escape(file.string() + ": " + *reason)});
    }
    return {};
}

/// Connects, and tells a person who waits what for.
task<client_result<void>> login_flow::connect_with_note()
{
    auto const executor = co_await asio::this_coro::executor;
    auto const where = base::escape(detail::client::server_name(at_.host, at_.port));
    auto const note = [this, &where] { console_.note("Connecting to " + where + " (Ctrl-C leaves)."); };
    detail::client::delayed_call const delayed{executor, silent_connecting, note};
    auto connected = co_await connect();
    co_return connected;
}

/// Connects; a server that nobody knows is left first, so that a person has all the time to decide.
task<outcome<void>> login_flow::connect_first()
{
    auto const safe = check_state();
    if (!safe) co_return safe;
    auto connected = co_await connect_with_note();
    if (!connected && connected.error().cause == client_errc::unknown_server && prompts_ != nullptr) {
        auto trusted = co_await ask_host_key(connected.error());
        if (!trusted) co_return trusted;
        connected = co_await connect_with_note();
    }
    if (!connected) co_return unexpected(exit_status_for(connected.error()));
    auto const where = base::escape(detail::client::server_name(at_.host, at_.port));
    if (options_.plain && client_->is_remote()) {
        console_.error("warning: the way to " + where + " is not encrypted");
    }
    if (client_->trust_source() == trust_source::first_use) {
        console_.print(where + " is new here: its key " + at_.key + " is kept, and no other trusted from now on.");
    }
    co_return outcome<void>{};
}

task<outcome<void>> login_flow::ask_host_key(client_error unknown)
{
    auto const where = base::escape(detail::client::server_name(at_.host, at_.port));
    console_.info(where + " is new here, and nobody vouches for it. The fingerprint of its key is");
    console_.info(unknown.server_key);
    if (!unknown.certificate_error.empty()) console_.info("Its certificate " + unknown.certificate_error + '.');
    auto trusted = co_await prompts_->ask_yes_no("Trust this server? (yes/no) ");
    if (!trusted) co_return unexpected(exit_status{});
    if (!*trusted) co_return unexpected(exit_status{exit_code::refused, where + " is not trusted"});
    host_key_policy_ = host_key_policy::key(std::move(unknown.server_key));
    co_return outcome<void>{};
}

void login_flow::warn_once(std::string const& line)
{
    if (std::ranges::find(warned_, line) != warned_.end()) return;
    warned_.push_back(line);
    console_.error("warning: " + base::escape(line));
}

}  // namespace porter::programs
