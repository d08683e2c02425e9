#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace porter::detail::server {

/// How far the output of a TCP connection has come, as the system tells (Linux: TCP_INFO, SIOCOUTQ).
struct output_position {
    std::uint64_t acknowledged = 0;  ///< bytes that the peer's machine has acknowledged since the connection began
    std::size_t buffered = 0;        ///< bytes that our system holds for it: not sent, or not acknowledged

    /// Zeroes for a socket that is closed.
    static output_position of(int socket) noexcept;
};

/// How long so many bytes take at a rate, in bytes a second.
std::chrono::milliseconds time_at(std::uint32_t rate, std::size_t bytes) noexcept;

/// Whether a peer takes the output that waits for it fast enough: some of it within a time, and all of it within that
/// time plus what its size takes at the slowest rate, as a frame has to arrive. It is judged piece by piece: a piece is
/// what is pending when it begins, and the next one begins when the peer's machine has acknowledged it.
///
/// What is acknowledged counts, not what our system takes: a full buffer of the system reports room only when much of
/// it is free, which a peer that reads slowly and steadily needs long for.
class output_rate {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Output is pending from now on: `queued` bytes that are still to be handed to the system, and what it holds.
    /// `slowest_rate`: bytes a second.
    output_rate(time_point now, std::size_t queued, output_position position, std::chrono::milliseconds time,
                std::uint32_t slowest_rate);

    /// Once a tick, as long as output is pending.
    void update(time_point now, std::size_t queued, output_position position);

    /// Nothing was acknowledged for the whole time.
    bool has_stalled(time_point now) const noexcept { return now - progress_at_ >= time_; }
    /// The piece is overdue.
    bool is_late(time_point now) const noexcept { return now >= due_; }

    /// When the present piece began.
    time_point started_at() const noexcept { return started_at_; }

private:
    void start_piece(time_point now, std::size_t queued, output_position position);

    std::chrono::milliseconds time_;
    std::uint32_t slowest_rate_;
    std::uint64_t acknowledged_;   // at the last tick
    std::uint64_t piece_end_ = 0;  // it is taken when so much is acknowledged
    time_point started_at_{};
    time_point due_{};
    time_point progress_at_;  // of the last tick that found more acknowledged
};

}  // namespace porter::detail::server
