#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "bench/channel.hpp"
#include "bench/fault.hpp"
#include "bench/pattern.hpp"

namespace porter::detail::bench {

/// Sends the messages of one connection and compares each echo with them, byte by byte.
class exchange {
public:
    /// `connection`: the number in the marks of its messages.
    explicit exchange(std::uint64_t connection) noexcept : connection_(connection) {}

    /// Raises the number of messages to send, counted from the first.
    void allow(std::uint64_t messages) noexcept { allowed_ = messages; }

    std::uint64_t allowed() const noexcept { return allowed_; }
    std::uint64_t replied() const noexcept { return replied_; }
    std::uint64_t unanswered() const noexcept { return allowed_ - replied_; }

    /// Writes the allowed messages, as far as the socket accepts them.
    std::optional<fault> send(channel& channel, pattern& messages);

    /// The result of one read.
    struct progress {
        std::size_t bytes = 0;
        std::uint64_t replies = 0;  ///< complete echoes
        bool more = false;          ///< read again: the socket may have more input
        std::optional<fault> error;
    };

    /// Reads once, into `buffer`.
    progress receive(channel& channel, pattern& messages, std::span<std::byte> buffer);

private:
    std::optional<fault> compare(base::bytes_view received, pattern& messages);

    std::uint64_t connection_;
    std::uint64_t allowed_ = 0;
    std::uint64_t sent_ = 0;         // complete messages
    std::uint64_t replied_ = 0;      // complete messages
    std::size_t sent_bytes_ = 0;     // of the next message
    std::size_t replied_bytes_ = 0;  // of the next message
};

}  // namespace porter::detail::bench
