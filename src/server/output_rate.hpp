#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace porter::detail::server {

/// The progress of a TCP connection's output, from the kernel (Linux: TCP_INFO, SIOCOUTQ).
struct output_position {
    std::uint64_t acknowledged = 0;  ///< bytes acknowledged since the connection began
    std::size_t buffered = 0;        ///< bytes in the kernel that are unsent or unacknowledged

    /// Zeroes for a closed socket.
    static output_position of(int socket) noexcept;
};

/// The time that these bytes take at this rate, in bytes a second.
std::chrono::milliseconds time_at(std::uint32_t rate, std::size_t bytes) noexcept;

/// Checks that a peer reads pending output fast enough: some of it within a time, and all of it within that time plus
/// what its size takes at the slowest rate. Output is checked in pieces: a piece is what is pending when it starts, and
/// the next one starts when it is acknowledged.
///
/// Acknowledged bytes count, not bytes written to the socket: the kernel reports a full buffer as writable only when
/// much of it is free, which takes a slow but steady reader long.
class output_rate {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Starts the first piece: `queued` bytes that are still to be written to the socket, and what the kernel holds.
    /// `slowest_rate`: bytes a second.
    output_rate(time_point now, std::size_t queued, output_position position, std::chrono::milliseconds time,
                std::uint32_t slowest_rate);

    /// Once a tick while output is pending.
    void update(time_point now, std::size_t queued, output_position position);

    /// Whether nothing was acknowledged for `time`.
    bool has_stalled(time_point now) const noexcept { return now - progress_at_ >= time_; }
    /// Whether the piece should have been acknowledged by now.
    bool is_late(time_point now) const noexcept { return now >= due_; }

    /// The start of the current piece.
    time_point started_at() const noexcept { return started_at_; }

private:
    void start_piece(time_point now, std::size_t queued, output_position position);

    std::chrono::milliseconds time_;
    std::uint32_t slowest_rate_;
    std::uint64_t acknowledged_;   // at the last tick
    std::uint64_t piece_end_ = 0;  // the value of acknowledged_ at which the piece ends
    time_point started_at_{};
    time_point due_{};
    time_point progress_at_;  // the last tick at which acknowledged_ had grown
};

}  // namespace porter::detail::server
