#pragma once

#include <chrono>
#include <functional>

#include "porter/client.hpp"

namespace porter::detail::client {

/// The pauses before a lost connection is made again: each about twice as long as the one before, up to a longest, and
/// each drawn at random from its upper half, so that the clients of a server that restarts do not come back as one.
class backoff {
public:
    static constexpr std::chrono::milliseconds shortest{1'000};
    static constexpr std::chrono::milliseconds longest{60'000};

    /// `chance` gives evenly distributed numbers from 0 to 1 (1 excluded).
    explicit backoff(std::function<double()> chance) : random_(std::move(chance)) {}

    /// The next pause; never shorter than what the server asked for.
    std::chrono::milliseconds next(std::chrono::seconds retry_after = {});

    /// The connection stood: begin with short pauses again.
    void reset() noexcept { span_ = shortest; }

private:
    std::function<double()> random_;
    std::chrono::milliseconds span_ = shortest;
};

/// Numbers for a back_off from the system's generator.
double random_fraction();

/// Whether making the connection again may help: it broke, or the server closed it for a passing reason of its own.
/// Not after a leave in order, an ended session, or a mistake that would be made again (the fatal codes).
bool is_worth_retrying(client_error const& ended) noexcept;

}  // namespace porter::detail::client
