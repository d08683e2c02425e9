#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "bench/channel.hpp"
#include "bench/fault.hpp"
#include "bench/pattern.hpp"

namespace porter::detail::bench {

/// The messages of one connection: sends those that are due and compares what comes back with them, byte by byte.
class exchange {
public:
    /// `connection`: what the marks of its messages say.
    explicit exchange(std::uint64_t connection) noexcept : connection_(connection) {}

    /// From now on this many messages, counted from the first, are to be sent.
    void allow(std::uint64_t messages) noexcept { allowed_ = messages; }

    std::uint64_t allowed() const noexcept { return allowed_; }
    std::uint64_t replied() const noexcept { return replied_; }
    std::uint64_t unanswered() const noexcept { return allowed_ - replied_; }

    /// Writes what is allowed and not yet sent, as far as the socket takes it.
    std::optional<fault> send(channel& through, pattern& messages);

    /// What one read brought.
    struct progress {
        std::size_t bytes = 0;
        std::uint64_t replies = 0;  ///< whole messages that came back
        bool more = false;          ///< the socket may have more: read again
        std::optional<fault> failed;
    };

    /// Reads once, into `room`.
    progress receive(channel& through, pattern& messages, std::span<std::byte> room);

private:
    std::optional<fault> compare(base::bytes_view got, pattern& messages);

    std::uint64_t connection_;
    std::uint64_t allowed_ = 0;
    std::uint64_t sent_ = 0;         // whole messages
    std::uint64_t replied_ = 0;      // whole messages
    std::size_t sent_bytes_ = 0;     // of the message behind them
    std::size_t replied_bytes_ = 0;  // of the message behind them
};

}  // namespace porter::detail::bench
