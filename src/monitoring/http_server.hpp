#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "monitoring/listener.hpp"

namespace porter::detail::monitoring {

/// What is served. Each function is called on a thread of the server, on several at once.
struct pages {
    std::function<std::string()> metrics;                ///< GET /metrics
    std::function<std::string()> status;                 ///< GET /status.json
    std::function<std::vector<std::string>()> problems;  ///< GET /healthz: 503 with these lines; 200 if there are none
    /// GET /status.json with names and addresses of clients. Served in place of `status` to requests that name this
    /// server by an IP address or as localhost. Empty: never.
    std::function<std::string()> live_status{};
};

/// A small HTTP server for monitoring; GET / is the status page. It has threads of its own, so it delays nothing else,
/// and a limit on everything: a connection is for one request and ends after some seconds, each thread has one
/// connection, and what waits for a thread is the kernel's.
class http_server {
public:
    /// The time for a request and its response.
    static constexpr std::chrono::seconds exchange_time{5};

    /// Serves as soon as this returns. Throws start_error (cannot_listen; configuration: no thread can be started).
    http_server(endpoint const& where, pages content, std::chrono::milliseconds time = exchange_time);
    /// Ends the exchanges in progress.
    ~http_server();
    http_server(http_server const&) = delete;
    http_server& operator=(http_server const&) = delete;

    /// The port that was bound; 0: it is a UNIX socket.
    std::uint16_t port() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace porter::detail::monitoring
