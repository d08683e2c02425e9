#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>

#include "log/logger.hpp"
#include "server/ban_set.hpp"
#include "server/worker.hpp"
#include "store/records.hpp"

namespace porter::detail::server {

/// Gives the workers of a server the bans that the store reports: all of them the same set, so that accepting a
/// connection takes no lock.
class ban_publisher {
public:
    /// Both outlive this.
    ban_publisher(workers const& workers, log::logger& log) noexcept : workers_(workers), log_(log) {}

    /// Replaces the bans; each worker closes the connections from their networks. Logs a change. On the store's
    /// threads, one call at a time.
    void publish(std::span<store::ban const> bans);

    /// Those that the workers have, or are about to get. From any thread.
    std::shared_ptr<ban_set const> current() const;

private:
    workers const& workers_;
    log::logger& log_;
    mutable std::mutex mutex_;
    std::shared_ptr<ban_set const> current_ = std::make_shared<ban_set>();
    std::size_t logged_ = 0;  // of publish() alone
};

}  // namespace porter::detail::server
