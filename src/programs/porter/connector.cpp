#include "programs/porter/connector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "porter/state_files.hpp"
#include "porter/text.hpp"
#include "porter/version.hpp"
#include "terminal/delayed_call.hpp"

namespace porter::programs {

namespace {

using detail::config::exit_code;

constexpr std::chrono::seconds note_delay{1};

}  // namespace

connector::connector(porter_options const& options, server_identity server, std::shared_ptr<client>& connection,
                     console& console, prompts* prompts)
    : options_(options),
      server_(std::move(server)),
      client_(connection),
      console_(console),
      prompts_(prompts),
      host_key_policy_(options.host_key_policy)
{
    server_.transport = options_.plain ? transport::plain : transport::tls;
}

/// For messages.
std::string connector::server_name() const
{
    bool const is_ipv6 = server_.host.find(':') != std::string::npos;
    return escape(fmt::format(fmt::runtime(is_ipv6 ? "[{}]:{}" : "{}:{}"), server_.host, server_.port));
}

/// Fails if another user could have written the state files: a key in known_servers would be trusted, and a session
/// could be another account's. The user must check them before anything is sent.
outcome<void> connector::check_state_files() const
{
    for (auto const& file : {known_servers_file(), saved_sessions_file()}) {
        if (file.empty()) continue;
        auto const error = state_file_error(file);
        if (error) {
            return unexpected(exit_status{exit_code::bad_configuration, escape(file.string() + ": " + *error)});
        }
    }
    return {};
}

/// A connection to an unknown server is closed before the question, which the user may answer at any time.
task<outcome<void>> connector::connect_first()
{
    auto const safe = check_state_files();
    if (!safe) co_return safe;
    auto connected = co_await connect_with_note();
    if (!connected && connected.error().cause == client_errc::unknown_server && prompts_ != nullptr) {
        auto trusted = co_await confirm_host_key(connected.error());
        if (!trusted) co_return trusted;
        connected = co_await connect_with_note();
    }
    if (!connected) co_return unexpected(exit_status_for(connected.error()));
    auto const server = server_name();
    if (options_.plain && client_->is_remote()) {
        console_.error(fmt::format("warning: the connection to {} is not encrypted", server));
    }
    if (client_->trust_source() == trust_source::first_use) {
        console_.print(fmt::format("{} is a new server: its key {} is saved, and no other key is accepted from now on.",
                                   server, server_.key));
    }
    co_return outcome<void>{};
}

task<client_result<void>> connector::connect_with_note()
{
    auto const executor = co_await asio::this_coro::executor;
    auto const server = server_name();
    auto const note = [this, &server] { console_.note(fmt::format("Connecting to {} (Ctrl-C quits).", server)); };
    detail::terminal::delayed_call const delayed{executor, note_delay, note};
    auto connected = co_await connect();
    co_return connected;
}

client_options connector::connection_options()
{
    client_options options;
    options.transport = options_.plain ? transport::plain : transport::tls;
    options.host_key_policy = host_key_policy_;
    options.warn = [this](std::string const& line) { warn_once(line); };
    options.timeout = options_.timeout;
    options.agent = "porter/" + std::string{version};
    options.half_close = options_.is_tunnel();
    return options;
}

task<client_result<void>> connector::connect()
{
    auto const options = connection_options();
    auto connected = co_await client::connect(server_.host, server_.port, options);
    if (!connected) co_return unexpected(connected.error());
    client_ = std::make_shared<client>(std::move(*connected));
    if (options_.plain) co_return client_result<void>{};
    server_.key = client_->server_key();
    // The key of --trust is pinned: a session must not be resumed at another key that an authority certifies.
    server_.authority = options_.host_key_policy.only_key().empty() ? client_->server_authority() : std::string{};
    host_key_policy_ = host_key_policy::key(server_.key);  // the session's token is for this key only
    co_return client_result<void>{};
}

task<outcome<void>> connector::confirm_host_key(client_error unknown_server)
{
    auto const server = server_name();
    console_.info(
        fmt::format("{} is a new server, and no authority certifies it. The fingerprint of its key is", server));
    console_.info(unknown_server.server_key);
    auto const& certificate_error = unknown_server.certificate_error;
    if (!certificate_error.empty()) console_.info(fmt::format("Its certificate {}.", certificate_error));
    auto trusted = co_await prompts_->ask_yes_no("Trust this server? (yes/no) ");
    if (!trusted) co_return unexpected(exit_status{});  // the user quit
    if (!*trusted) co_return unexpected(exit_status{exit_code::refused, server + " is not trusted"});
    host_key_policy_ = host_key_policy::key(std::move(unknown_server.server_key));
    co_return outcome<void>{};
}

void connector::warn_once(std::string const& line)
{
    if (std::ranges::find(warned_, line) != warned_.end()) return;
    warned_.push_back(line);
    console_.error(fmt::format("warning: {}", escape(line)));
}

}  // namespace porter::programs
