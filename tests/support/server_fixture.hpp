#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "auth/hasher.hpp"
#include "auth/verifier.hpp"
#include "identity/directory.hpp"
#include "server/acceptor.hpp"
#include "server/server_context.hpp"
#include "server/tcp_server.hpp"
#include "services/echo.hpp"
#include "sessions/registry.hpp"
#include "sessions/token.hpp"
#include "store/memory/backend.hpp"
#include "support/manual_clock.hpp"
#include "support/plain_hash.hpp"
#include "support/recording_log.hpp"
#include "support/run.hpp"
#include "support/test_client.hpp"

namespace porter::testing {

/// A whole server room on a free port of loopback, over a memory store, with a clock that the test sets.
class server_fixture {
public:
    explicit server_fixture(detail::server::options rules = {}, service talk = detail::services::echo,
                            std::size_t threads = 1, std::uint32_t max_registrations = 0)
        : throttle(store.ports().attempts, clock, log, max_registrations),
          registry(store.ports().sessions, throttle, tokens, clock, log, {}),
          context{directory, verifier, registry, clock, log, rules, std::move(talk)},
          server(std::make_unique<detail::server::tcp_server>(io, threads, context))
    {
        auto acceptors = detail::server::listen_on(io, {"127.0.0.1"}, 0, 1);
        endpoint = acceptors.front().local_endpoint();
        server->add(std::move(acceptors.front()));
        server->start();
    }

    void run(task<void> work) { testing::run(io, std::move(work)); }

    asio::io_context io;
    asio::ip::tcp::endpoint endpoint;
    manual_clock clock;
    recording_log log;
    detail::store::memory::backend store;
    detail::sessions::system_token_source tokens;
    detail::identity::directory directory{store.ports().addresses, clock, log};
    hash_counts hashes;
    detail::auth::hasher hasher{{.threads = 1}, std::make_unique<plain_hash>(hashes), log};
    detail::auth::throttle throttle;
    detail::auth::verifier verifier{store.ports().accounts, hasher, throttle, clock, log, {}};
    detail::sessions::registry registry;
    detail::server::server_context context;
    std::unique_ptr<detail::server::tcp_server> server;
};

inline detail::server::options with_access(detail::protocol::access_mode mode)
{
    detail::server::options rules;
    rules.access = mode;
    return rules;
}

}  // namespace porter::testing
