#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "porter/connection_info.hpp"

namespace porter::detail::server {

/// The connections that one worker has got last, for monitoring. A reader does not wait for the worker: it requests the
/// next sample, which the worker makes at its next tick, and takes the previous one. A hundred readers cost no
/// more than one, and without a reader nothing is done. A connection_query is for a reader on an I/O thread, which may
/// wait for the workers and chooses the rows and their order.
class newest_connections {
public:
    static constexpr std::size_t size = 50;

    /// After this time a sample says nothing about the present. A tick takes a second at most.
    static constexpr std::chrono::seconds lifetime{10};

    using rows = std::vector<connection_info>;
    using time = std::chrono::steady_clock::time_point;

    /// The last sample, or null: there is none of the last seconds. Requests the next one. From any thread.
    std::shared_ptr<rows const> request(time now)
    {
        is_requested_ = true;
        std::lock_guard const lock{mutex_};
        return rows_ != nullptr && now - made_at_ < lifetime ? rows_ : nullptr;
    }

    /// Whether a sample was requested since the last call. On the worker's thread.
    bool take_request() noexcept { return is_requested_.exchange(false); }

    /// On the worker's thread.
    void publish(rows made, time now)
    {
        auto next = std::make_shared<rows const>(std::move(made));
        std::lock_guard const lock{mutex_};
        rows_ = std::move(next);
        made_at_ = now;
    }

private:
    std::atomic<bool> is_requested_ = false;
    std::mutex mutex_;
    std::shared_ptr<rows const> rows_;
    time made_at_{};
};

}  // namespace porter::detail::server
