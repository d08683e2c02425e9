#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "auth/verifier.hpp"
#include "store/memory/backend.hpp"
#include "support/fragile_accounts.hpp"
#include "support/fragile_tries.hpp"
#include "support/manual_clock.hpp"
#include "support/plain_hash.hpp"
#include "support/recording_log.hpp"
#include "support/run.hpp"

namespace porter::testing {

/// A verifier over a memory store that can be made to fail, with hashes that are counted.
struct verifier_fixture {
    /// With plain_hash, unless another function is given.
    explicit verifier_fixture(rooms::auth::options rules = {}, std::uint32_t max_registrations = 0,
                              std::unique_ptr<rooms::auth::hash_function> function = nullptr)
        : hasher(rooms::auth::hash_options{.threads = 1},
                 function ? std::move(function) : std::make_unique<plain_hash>(hashes), log),
          throttle(tries, clock, log, max_registrations),
          verifier(accounts, hasher, throttle, clock, log, rules)
    {}

    /// The account as it stands in the store afterwards.
    result<rooms::store::account> register_account(std::string_view name, std::string_view password)
    {
        auto const accepted =
            run(io, verifier.register_account(std::string{name}, rooms::base::secret{password}, here));
        if (!accepted) return refuse(accepted.error());
        auto const added = run(io, accounts.add(accepted->account()));
        run(io, throttle.give_back(accepted->asked_by()));
        return *added;
    }

    result<rooms::auth::principal> login(std::string_view name, std::string_view password)
    {
        return run(io, verifier.login(std::string{name}, rooms::base::secret{password}, here));
    }

    result<rooms::auth::principal> login_from(std::string_view address, std::string_view name,
                                              std::string_view password)
    {
        auto const from = *rooms::identity::address::parse(address);
        return run(io, verifier.login(std::string{name}, rooms::base::secret{password}, from));
    }

    /// What the sessions' registry makes of a good login, which is all that undoes a counted try.
    void enter(rooms::auth::principal const& who, std::string_view address)
    {
        rooms::store::new_session fresh;
        fresh.account = who.account();
        fresh.credential_version = who.credential_version();
        fresh.proved_by = who.proved_by();
        fresh.created_at = clock.now();
        fresh.address = address;
        fresh.network = rooms::identity::address::parse(address)->network();
        if (!run(io, store.ports().sessions.open(fresh))) throw std::logic_error("the login was good");
    }

    result<void> change_password(rooms::store::account_id account, std::string_view current, std::string_view fresh)
    {
        return run(
            io, verifier.change_password(account, rooms::base::secret{current}, rooms::base::secret{fresh}, 0, here));
    }

    rooms::store::account stored(std::string_view folded_name)
    {
        auto const found = run(io, store.ports().accounts.find(std::string{folded_name}));
        return **found;
    }

    asio::io_context io;
    manual_clock clock;
    recording_log log;
    rooms::store::memory::backend store;
    fragile_accounts accounts{store.ports().accounts};
    hash_counts hashes;
    rooms::auth::hasher hasher;
    fragile_tries tries{store.ports().tries};
    rooms::auth::throttle throttle;
    rooms::auth::verifier verifier;
    rooms::identity::address here = *rooms::identity::address::parse("192.0.2.7");
};

template <typename Outcome>
code refusal_of(Outcome const& outcome)
{
    return outcome ? code::normal : outcome.error().what;
}

}  // namespace porter::testing
