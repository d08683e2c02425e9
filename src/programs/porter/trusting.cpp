// How the reception comes to trust a server.

#include <algorithm>

#include "base/text.hpp"
#include "client/known_server_line.hpp"
#include "client/known_servers.hpp"
#include "client/private_file.hpp"
#include "programs/porter/reception.hpp"

namespace porter::programs {

namespace {

namespace base = rooms::base;
using rooms::config::exit_code;

}  // namespace

/// Whether the user's own files may be believed: a planted key would be trusted, a planted session be somebody else's.
/// That has to be looked into by a person, before anything is sent.
outcome<void> reception::check_state() const
{
    using namespace rooms::client;
    for (auto const& file : {known_servers::default_file(), saved_sessions::default_file()}) {
        if (file.empty()) continue;
        auto const reason = reason_for_distrust_of_state(file);
        if (reason) return refuse(leaving{exit_code::bad_configuration, base::escape(file.string() + ": " + *reason)});
    }
    return {};
}

/// Connects; a server that nobody knows is left first, so that a person has all the time to decide.
task<outcome<void>> reception::connect_first()
{
    auto const safe = check_state();
    if (!safe) co_return safe;
    auto connected = co_await connect();
    if (!connected && connected.error().why == client_failure::cause::unknown_server && ask_ != nullptr) {
        auto trusted = co_await ask_trust(connected.error());
        if (!trusted) co_return trusted;
        connected = co_await connect();
    }
    if (!connected) co_return refuse(leaving_for(connected.error()));
    auto const where = base::escape(rooms::client::place_name(at_.host, at_.port));
    if (options_.plain && door_->is_remote()) {
        talk_.complain("warning: the way to " + where + " is not encrypted");
    }
    if (door_->trusted_by() == trusted_by::first_use) {
        talk_.say(where + " is new here: its key " + at_.key + " is kept, and no other trusted from now on.");
    }
    co_return outcome<void>{};
}

task<outcome<void>> reception::ask_trust(client_failure unknown)
{
    auto const where = base::escape(rooms::client::place_name(at_.host, at_.port));
    talk_.tell(where + " is new here, and nobody vouches for it. The fingerprint of its key is");
    talk_.tell(unknown.server_key);
    if (!unknown.certificate_error.empty()) talk_.tell("Its certificate " + unknown.certificate_error + '.');
    auto trusted = co_await ask_->ask_yes_no("Trust this server? (yes/no) ");
    if (!trusted) co_return refuse(leaving{});
    if (!*trusted) co_return refuse(leaving{exit_code::refused, where + " is not trusted"});
    trust_ = trust::key(std::move(unknown.server_key));
    co_return outcome<void>{};
}

void reception::warn_once(std::string const& line)
{
    if (std::ranges::find(warned_, line) != warned_.end()) return;
    warned_.push_back(line);
    talk_.complain("warning: " + base::escape(line));
}

}  // namespace porter::programs
