#pragma once

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>

#include "auth/hasher.hpp"
#include "porter/result.hpp"
#include "porter/testing/recording_log.hpp"
#include "support/run.hpp"

namespace porter::testing {

/// A function whose verify() signals when it begins, and blocks until the test opens the gate.
class gated_hash final : public detail::auth::hash_function {
public:
    struct gate {
        std::counting_semaphore<> entered{0};
        std::counting_semaphore<> open{0};
        std::function<void()> inside = [] {};
        std::chrono::milliseconds time_to_make{0};  ///< at least; the hasher measures the first hash
    };

    explicit gated_hash(gate& shared) : gate_(shared) {}

    std::optional<std::string> make(std::string_view) noexcept override
    {
        auto const begun = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() < begun + gate_.time_to_make) std::this_thread::yield();
        return "hash";
    }
    verify_result verify(std::string const&, std::string_view) noexcept override
    {
        gate_.inside();
        gate_.entered.release();
        gate_.open.acquire();
        return verify_result::match;
    }
    detail::base::hash_cost cost() const noexcept override { return {8, 1}; }
    std::optional<detail::base::hash_cost> cost_of(std::string_view) const noexcept override { return cost(); }
    std::string dummy_hash(detail::base::hash_cost const&) const noexcept override { return "dummy"; }

private:
    gate& gate_;
};

/// A hasher with one thread and a short queue, behind a gate.
struct gated_fixture {
    explicit gated_fixture(std::size_t queue_limit = 1, std::chrono::milliseconds time_to_make = {})
        : gate{.time_to_make = time_to_make},
          hasher(std::make_unique<detail::auth::hasher>(
              detail::auth::hash_options{.threads = 1, .queue_limit = queue_limit}, std::make_unique<gated_hash>(gate),
              log))
    {}

    asio::io_context io;
    recording_log log;
    gated_hash::gate gate;
    std::unique_ptr<detail::auth::hasher> hasher;
    detail::identity::address client_address = *detail::identity::address::parse("192.0.2.7");

    /// Begins a verification, whose outcome is set by run_until(). `signal` cancels it.
    void begin(std::optional<result<bool>>& outcome, std::string_view from = "192.0.2.7",
               asio::cancellation_slot signal = {})
    {
        auto const there = *detail::identity::address::parse(from);
        auto work = keep_value(hasher->verify("hash", {}, detail::base::secret{"password"}, there), outcome);
        auto done = [](std::exception_ptr escaped) {
            if (escaped) std::rethrow_exception(escaped);
        };
        asio::co_spawn(io, std::move(work), asio::bind_cancellation_slot(signal, done));
        io.restart();
        io.poll();
    }

    void run_until(std::optional<result<bool>> const& outcome)
    {
        io.restart();
        while (!outcome) io.run_one();
    }
};

}  // namespace porter::testing
