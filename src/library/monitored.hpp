#pragma once

#include <chrono>
#include <cstddef>

#include "auth/hasher.hpp"
#include "auth/throttle.hpp"
#include "library/storage.hpp"
#include "log/file_logger.hpp"
#include "server/tcp_server.hpp"
#include "server/tls_acceptor.hpp"
#include "sessions/registry.hpp"

namespace porter::detail::library {

/// The modules of one server that its metrics and its health come from. What is read of them is safe on any thread.
struct monitored {
    server::tcp_server const& server;
    auth::hasher const& hasher;
    auth::throttle const& throttle;
    sessions::registry const& registry;
    log::file_logger const* log;      ///< null: the logger was replaced
    library::storage const* storage;  ///< null: the store was replaced
    server::tls_acceptor* tls;        ///< null: TLS is off
    std::size_t max_connections;      ///< 0: no limit
    std::chrono::steady_clock::time_point started_at;
    porter::clock const& clock;  ///< of the store

    /// Since the journal of a shared database was read; 0 with other stores.
    std::chrono::nanoseconds journal_lag() const
    {
        if (storage == nullptr || !storage->is_shared) return {};
        auto const read_at = storage->statistics->journal_read_at.load();
        auto const since = read_at == store::statistics::time{} ? started_at : read_at;
        return std::chrono::steady_clock::now() - since;
    }
};

}  // namespace porter::detail::library
