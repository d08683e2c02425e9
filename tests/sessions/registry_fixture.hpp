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
#include "porter/result.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "sessions/registry.hpp"
#include "support/faulty_attempts.hpp"
#include "support/faulty_sessions.hpp"
#include "support/run.hpp"
#include "testing/plain_hash.hpp"

namespace porter::testing {

/// A registry over a store in memory that can be made to fail, with the accounts Alice and Bob.
struct registry_fixture {
    using session = detail::sessions::session;
    using transport = detail::store::transport;

    explicit registry_fixture(detail::sessions::options options = {})
        : registry(std::make_unique<detail::sessions::registry>(sessions, throttle, tokens, clock, log, options))
    {}

    detail::auth::principal add(std::string_view name)
    {
        detail::base::secret password{"correct horse"};
        if (!store.add(pending(name).account())) throw std::runtime_error("the account exists already");
        auto found = run(io, verifier.login(std::string{name}, std::move(password), client_address));
        return *std::move(found);
    }

    detail::auth::pending_account pending(std::string_view name)
    {
        detail::base::secret password{"correct horse"};
        auto made = run(io, verifier.register_account(std::string{name}, std::move(password), client_address));
        return *std::move(made);
    }

    result<session> open(detail::auth::principal const& principal, transport over = transport::plain)
    {
        return run(io, registry->open(principal, client_address, over));
    }

    result<session> resume(detail::base::secret const& token, transport over = transport::plain)
    {
        return run(io, registry->resume(token.clone(), client_address, over));
    }

    result<session> resume_from(std::string_view address, detail::base::secret const& token,
                                transport over = transport::plain)
    {
        return run(io, registry->resume(token.clone(), *detail::identity::address::parse(address), over));
    }

    std::vector<detail::store::session> listed(detail::store::account_id account)
    {
        auto found = run(io, registry->list(account));
        return *std::move(found);
    }

    bool is_stored(session const& one)
    {
        auto const found = run(io, store.ports().sessions.find(*detail::sessions::digest_of(one.token().view())));
        return found->has_value();
    }

    asio::io_context io;
    manual_clock clock;
    recording_log log;
    memory_store store;
    hash_counts hashes;
    detail::auth::hasher hasher{detail::auth::hash_options{.threads = 1}, std::make_unique<plain_hash>(hashes), log};
    faulty_attempts attempts{store.ports().attempts};
    detail::auth::throttle throttle{attempts, clock, log, detail::auth::random_name_key()};
    detail::auth::verifier verifier{store.ports().accounts, hasher, throttle, clock, log, {}};
    faulty_sessions sessions{store.ports().sessions};
    detail::sessions::system_token_source tokens;
    std::unique_ptr<detail::sessions::registry> registry;
    detail::identity::address client_address = *detail::identity::address::parse("192.0.2.7");
    detail::auth::principal alice = add("Alice");
    detail::auth::principal bob = add("Bob");
};

template <typename Outcome>
code code_of(Outcome const& outcome)
{
    return outcome ? code::normal : outcome.error().code;
}

}  // namespace porter::testing
