#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "bench/config.hpp"

namespace porter::detail::bench {

/// The frames that are sent and expected as echoes. They differ only in a mark at the start of each payload: the number
/// of the connection and of the message. A block of frames is kept in memory, and only the marks are rewritten, so the
/// load costs a fraction of the server's work although every byte of every echo is compared.
class pattern {
public:
    static constexpr std::size_t mark_size = 8;  ///< bytes; cut if the payload is shorter

    /// `payload`: bytes after the kind, 0 or more.
    pattern(bench::content content, std::size_t payload);

    /// Bytes of one frame with its header.
    std::size_t frame_size() const noexcept { return frame_; }

    /// The bytes of a connection's messages from number `first` on, without the first `skip` bytes (less than a frame):
    /// at most `messages` of them, at least one. Valid until the next call.
    base::bytes_view bytes(std::uint64_t connection, std::uint64_t first, std::size_t skip, std::uint64_t messages);

private:
    std::size_t frame_;
    std::size_t mark_;
    std::vector<std::byte> block_;
};

}  // namespace porter::detail::bench
