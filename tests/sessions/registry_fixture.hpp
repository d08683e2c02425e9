#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/verifier.hpp"
#include "sessions/registry.hpp"
#include "store/memory/backend.hpp"
#include "support/fragile_sessions.hpp"
#include "support/fragile_tries.hpp"
#include "support/manual_clock.hpp"
#include "support/plain_hash.hpp"
#include "support/recording_log.hpp"
#include "support/run.hpp"

namespace porter::testing {

/// A registry over a memory store that can be made to fail, with accounts Alice and Bob.
struct registry_fixture {
    using session = rooms::sessions::session;
    using transport = rooms::store::transport;

    explicit registry_fixture(rooms::sessions::options rules = {})
        : registry(std::make_unique<rooms::sessions::registry>(sessions, throttle, tokens, clock, log, rules))
    {}

    rooms::auth::principal proved(std::string_view name)
    {
        rooms::base::secret password{"correct horse"};
        auto const made = run(io, store.ports().accounts.add(accepted(name).account()));
        if (!made) throw std::runtime_error("the account is there already");
        auto found = run(io, verifier.login(std::string{name}, std::move(password), here));
        return *std::move(found);
    }

    rooms::auth::newcomer accepted(std::string_view name)
    {
        rooms::base::secret password{"correct horse"};
        auto made = run(io, verifier.register_account(std::string{name}, std::move(password), here));
        return *std::move(made);
    }

    result<session> open(rooms::auth::principal const& who, transport over = transport::plain)
    {
        return run(io, registry->open(who, here, over));
    }

    result<session> resume(rooms::base::secret const& token, transport over = transport::plain)
    {
        return run(io, registry->resume(token.clone(), here, over));
    }

    result<session> resume_from(std::string_view address, rooms::base::secret const& token,
                                transport over = transport::plain)
    {
        return run(io, registry->resume(token.clone(), *rooms::identity::address::parse(address), over));
    }

    std::vector<rooms::store::session> listed(rooms::store::account_id account)
    {
        auto found = run(io, registry->list(account));
        return *std::move(found);
    }

    bool is_stored(session const& one)
    {
        auto const found = run(io, store.ports().sessions.find(*rooms::sessions::digest_of(one.token().view())));
        return found->has_value();
    }

    asio::io_context io;
    manual_clock clock;
    recording_log log;
    rooms::store::memory::backend store;
    hash_counts hashes;
    rooms::auth::hasher hasher{rooms::auth::hash_options{.threads = 1}, std::make_unique<plain_hash>(hashes), log};
    fragile_tries tries{store.ports().tries};
    rooms::auth::throttle throttle{tries, clock, log};
    rooms::auth::verifier verifier{store.ports().accounts, hasher, throttle, clock, log, {}};
    fragile_sessions sessions{store.ports().sessions};
    rooms::sessions::system_token_source tokens;
    std::unique_ptr<rooms::sessions::registry> registry;
    rooms::identity::address here = *rooms::identity::address::parse("192.0.2.7");
    rooms::auth::principal alice = proved("Alice");
    rooms::auth::principal bob = proved("Bob");
};

template <typename Outcome>
code refusal_of(Outcome const& outcome)
{
    return outcome ? code::normal : outcome.error().what;
}

}  // namespace porter::testing
