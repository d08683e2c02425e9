#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace porter::programs {

/// The lines of an interactive session that may not have arrived: those that wait for a connection, and those that were
/// sent and had no answer.
class pending_lines {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Keeps a line until there is a connection. False: too many are kept.
    bool keep(std::string line);

    /// The number of lines that are kept.
    std::size_t kept() const noexcept { return kept_.size(); }

    /// Returns the lines that are kept, and keeps them no longer.
    std::vector<std::string> take();

    /// A line was sent.
    void on_sent(time_point now);

    /// A text was received: it counts as the answer to the oldest line.
    void on_received();

    /// The connection was lost: returns the number of lines without an answer that may not have arrived. A line that
    /// was sent more than a minute ago has arrived at the server's system, or the connection would have ended before.
    std::size_t on_lost(time_point now);

private:
    void forget_arrived(time_point now);

    std::vector<std::string> kept_;
    std::size_t kept_size_ = 0;  // in bytes
    std::deque<time_point> unanswered_;
};

}  // namespace porter::programs
