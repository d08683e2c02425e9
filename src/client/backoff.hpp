#pragma once

#include <chrono>
#include <functional>

#include "porter/client.hpp"

namespace porter::detail::client {

/// Exponential backoff with jitter for reconnecting: each pause is random in the upper half of a span that doubles up
/// to `longest`, so that the clients of a restarted server do not reconnect at the same moment.
class backoff {
public:
    static constexpr std::chrono::milliseconds shortest{1'000};
    static constexpr std::chrono::milliseconds longest{60'000};

    /// `random`: uniformly distributed numbers in [0, 1).
    explicit backoff(std::function<double()> random) : random_(std::move(random)) {}

    /// The next pause, at least `retry_after`.
    std::chrono::milliseconds next(std::chrono::seconds retry_after = {});

    /// Starts again with short pauses, after a successful connection.
    void reset() noexcept { span_ = shortest; }

private:
    std::function<double()> random_;
    std::chrono::milliseconds span_ = shortest;
};

/// A random number in [0, 1).
double random_fraction();

/// Whether reconnecting may help: the connection was lost, or the server closed it for a temporary reason. Not after a
/// normal close, an ended session, or an error that would happen again.
bool is_worth_retrying(client_error const& ended) noexcept;

}  // namespace porter::detail::client
