#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <string>

#include "base/asio.hpp"
#include "porter/server.hpp"
#include "service_manager/notifier.hpp"

namespace porter::programs {

/// Reports the server's state to the service manager, and feeds its watchdog while the I/O threads and the store
/// answer. Does nothing without a service manager. On the main thread.
class service_state {
public:
    /// `time`: how long the watchdog waits; 0: there is none. `io` runs until the feeding has ended, after stopping().
    service_state(asio::io_context& io, detail::service_manager::notifier to, std::chrono::microseconds time);
    service_state(service_state const&) = delete;
    service_state& operator=(service_state const&) = delete;

    /// The server listens. From now on feeds the watchdog. The server lives until the io_context has run out of work.
    void ready(server& running);
    void reloading();
    void reloaded();
    void stopping();

private:
    task<void> feed_watchdog();
    task<bool> has_answered();
    void send(std::string const& state);
    std::string status() const;

    asio::io_context& io_;
    detail::service_manager::notifier notifier_;
    std::chrono::microseconds period_;
    detail::base::steady_timer timer_;
    server* server_ = nullptr;
    bool is_stopping_ = false;
    bool has_failed_ = false;
};

}  // namespace porter::programs
