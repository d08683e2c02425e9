#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "auth/hasher.hpp"
#include "auth/verifier.hpp"
#include "identity/directory.hpp"
#include "server/doorman.hpp"
#include "server/house.hpp"
#include "server/listen.hpp"
#include "services/echo.hpp"
#include "sessions/registry.hpp"
#include "sessions/token.hpp"
#include "store/memory/backend.hpp"
#include "support/manual_clock.hpp"
#include "support/plain_hash.hpp"
#include "support/recording_log.hpp"
#include "support/run.hpp"
#include "support/visitor.hpp"

namespace porter::testing {

/// A whole server room on a free port of loopback, over a memory store, with a clock that the test sets.
class test_house {
public:
    explicit test_house(rooms::server::options rules = {}, service talk = rooms::services::echo,
                        std::size_t threads = 1, std::uint32_t max_registrations = 0)
        : throttle(store.ports().tries, clock, log, max_registrations),
          registry(store.ports().sessions, throttle, tokens, clock, log, {}),
          house{directory, verifier, registry, clock, log, rules, std::move(talk)},
          doorman(std::make_unique<rooms::server::doorman>(io, threads, house))
    {
        auto acceptors = rooms::server::listen_on(io, {"127.0.0.1"}, 0, 1);
        where = acceptors.front().local_endpoint();
        doorman->add(std::move(acceptors.front()));
        doorman->start();
    }

    void run(task<void> work) { testing::run(io, std::move(work)); }

    asio::io_context io;
    asio::ip::tcp::endpoint where;
    manual_clock clock;
    recording_log log;
    rooms::store::memory::backend store;
    rooms::sessions::system_token_source tokens;
    rooms::identity::directory directory{store.ports().addresses, clock, log};
    hash_counts hashes;
    rooms::auth::hasher hasher{{.threads = 1}, std::make_unique<plain_hash>(hashes), log};
    rooms::auth::throttle throttle;
    rooms::auth::verifier verifier{store.ports().accounts, hasher, throttle, clock, log, {}};
    rooms::sessions::registry registry;
    rooms::server::house house;
    std::unique_ptr<rooms::server::doorman> doorman;
};

inline rooms::server::options with_access(rooms::protocol::access_mode mode)
{
    rooms::server::options rules;
    rules.access = mode;
    return rules;
}

}  // namespace porter::testing
