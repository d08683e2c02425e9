#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "auth/verifier.hpp"
#include "porter/result.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "support/faulty_accounts.hpp"
#include "support/faulty_attempts.hpp"
#include "support/run.hpp"
#include "testing/plain_hash.hpp"

namespace porter::testing {

/// A verifier over a store in memory that can be made to fail, with counted hashes.
struct verifier_fixture {
    /// `function`: null for plain_hash.
    explicit verifier_fixture(detail::auth::options options = {}, std::uint32_t max_registrations = 0,
                              std::unique_ptr<detail::auth::hash_function> function = nullptr)
        : hasher(detail::auth::hash_options{.threads = 1},
                 function ? std::move(function) : std::make_unique<plain_hash>(hashes), log),
          throttle(attempts, clock, log, detail::auth::random_name_key(), max_registrations),
          verifier(accounts, hasher, throttle, clock, log, options)
    {}

    /// Registers and adds an account. Returns it as stored.
    result<detail::store::account> register_account(std::string_view name, std::string_view password)
    {
        auto const accepted =
            run(io, verifier.register_account(std::string{name}, detail::base::secret{password}, client_address));
        if (!accepted) return unexpected(accepted.error());
        auto const added = store.add(accepted->account());
        run(io, throttle.rollback(accepted->attempt()));
        return *added;
    }

    result<detail::auth::principal> login(std::string_view name, std::string_view password)
    {
        return run(io, verifier.login(std::string{name}, detail::base::secret{password}, client_address));
    }

    result<detail::auth::principal> login_from(std::string_view address, std::string_view name,
                                               std::string_view password)
    {
        auto const from = *detail::identity::address::parse(address);
        return run(io, verifier.login(std::string{name}, detail::base::secret{password}, from));
    }

    /// Opens a session as the registry does after a login, which resets the failure counter.
    void log_in(detail::auth::principal const& principal, std::string_view address)
    {
        detail::store::new_session fresh;
        fresh.account = principal.account();
        fresh.credential_version = principal.credential_version();
        fresh.attempt = principal.attempt();
        fresh.digest = new_digest();
        fresh.created_at = clock.now();
        fresh.address = address;
        fresh.network = detail::identity::address::parse(address)->network();
        if (!run(io, store.ports().sessions.open(fresh))) throw std::logic_error("the login was good");
    }

    result<void> change_password(detail::store::account_id account, std::string_view current, std::string_view fresh)
    {
        return run(io, verifier.change_password(account, detail::base::secret{current}, detail::base::secret{fresh}, 0,
                                                client_address));
    }

    detail::store::account stored(std::string_view folded_name)
    {
        auto const found = run(io, store.ports().accounts.find(std::string{folded_name}));
        return **found;
    }

    /// Another one each time.
    detail::store::token_digest new_digest()
    {
        ++digests;
        detail::store::token_digest made{};
        made[0] = static_cast<std::byte>(digests & 0xffU);
        made[1] = static_cast<std::byte>(digests >> 8U);
        return made;
    }

    unsigned digests = 0;
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    memory_store store;
    faulty_accounts accounts{store.ports().accounts};
    hash_counts hashes;
    detail::auth::hasher hasher;
    faulty_attempts attempts{store.ports().attempts};
    detail::auth::throttle throttle;
    detail::auth::verifier verifier;
    detail::identity::address client_address = *detail::identity::address::parse("192.0.2.7");
};

template <typename Outcome>
code code_of(Outcome const& outcome)
{
    return outcome ? code::normal : outcome.error().code;
}

}  // namespace porter::testing
