#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/hasher.hpp"
#include "auth/redeemer.hpp"
#include "auth/second_factors.hpp"
#include "auth/throttle.hpp"
#include "auth/verifier.hpp"
#include "base/asio.hpp"
#include "base/clock.hpp"
#include "control/control_server.hpp"
#include "identity/directory.hpp"
#include "library/live_connections.hpp"
#include "library/monitored.hpp"
#include "library/storage.hpp"
#include "log/file_logger.hpp"
#include "porter/server.hpp"
#include "server/server_context.hpp"
#include "server/tcp_server.hpp"
#include "server/tls_acceptor.hpp"
#include "sessions/registry.hpp"
#include "sessions/token.hpp"

namespace porter {

namespace detail::library {

/// Logs the first and the last line of a server.
class lifetime_log {
public:
    explicit lifetime_log(log::logger& log);
    ~lifetime_log();
    lifetime_log(lifetime_log const&) = delete;
    lifetime_log& operator=(lifetime_log const&) = delete;

private:
    log::logger& log_;
};

/// What only porter/testing.hpp replaces.
struct internal_parts {
    std::unique_ptr<auth::hash_function> hash{};  ///< null: Argon2id
    bool is_listening = true;                     ///< false: connections come from tcp_server::adopt() only
};

}  // namespace detail::library

/// Builds the modules and owns them. Each member uses only those before it.
struct server::impl {
    /// `options` are checked. Throws start_error.
    impl(asio::io_context& io, server_options checked_options, service handler, server_parts const& parts,
         detail::library::internal_parts internal = {});

    /// See server::reload().
    void reload(server_options const& changed);

    /// What its metrics and its health come from. Valid while this lives.
    detail::library::monitored monitored() const noexcept;

    server_options options;
    std::chrono::steady_clock::time_point started_at = std::chrono::steady_clock::now();
    system_clock own_clock;
    porter::clock const& clock;
    detail::sessions::system_token_source tokens;
    std::unique_ptr<detail::log::file_logger> log_file;  // null: the logger was replaced
    porter::logger& logger;
    detail::library::lifetime_log lifetime;
    std::vector<std::string> warnings;
    std::unique_ptr<detail::server::tls_acceptor> tls;  // null: TLS is off
    std::optional<detail::library::storage> storage;    // none: the store was replaced
    store::ports ports;
    porter::clock const& store_clock;  // of all but certificates
    std::vector<detail::base::tcp_acceptor> acceptors;
    detail::identity::directory directory;
    detail::auth::hasher hasher;
    detail::auth::throttle throttle;
    detail::auth::verifier verifier;
    detail::auth::redeemer redeemer;
    std::optional<detail::auth::second_factors> second_factors;  // none: the store has none
    detail::sessions::registry registry;
    std::size_t threads;  // of I/O
    detail::server::server_context ctx;
    detail::server::tcp_server server;
    detail::library::live_connections connections;
    std::unique_ptr<detail::control::control_server> control;  // null: there is no control socket
    std::function<void(std::string const& reason)> on_failure;

    /// As porter::server::stop().
    void stop();
};

}  // namespace porter
