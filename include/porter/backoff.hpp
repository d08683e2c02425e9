#pragma once

#include <chrono>
#include <functional>

namespace porter {

/// Exponential backoff with jitter, for a client that connects again: each pause is random in the upper half of a span
/// that doubles, so that the clients of a restarted server do not connect at the same moment. The first pause is
/// between 0.5 s and 1 s, the longest ones between 15 s and 30 s.
///
///     auto const pause = pauses.next(error.retry_after);
///
/// Not thread-safe.
class backoff {
public:
    static constexpr std::chrono::milliseconds shortest{1'000};  ///< the first span
    static constexpr std::chrono::milliseconds longest{30'000};  ///< the last span

    /// `random` returns uniformly distributed numbers in [0, 1); tests replace it. None: a generator of each thread,
    /// with a random seed.
    explicit backoff(std::function<double()> random = {});

    /// The next pause: at least `retry_after`, the server's advice.
    std::chrono::milliseconds next(std::chrono::seconds retry_after = {});

    /// Begins again with short pauses.
    void reset() noexcept { span_ = shortest; }

private:
    std::function<double()> random_;
    std::chrono::milliseconds span_ = shortest;
};

}  // namespace porter
