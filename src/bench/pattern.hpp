#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "bench/config.hpp"

namespace porter::detail::bench {

/// The bytes of the messages that are sent and expected back: frame behind frame, alike but for a mark at the start of
/// each payload that says which connection's which message it is. They lie in memory once, many in a row, and only the
/// marks are written anew: load costs a fraction of what the server has to do, and every byte of every echo is
/// compared.
class pattern {
public:
    static constexpr std::size_t mark_size = 8;  ///< bytes; what a shorter payload has no room for is left out

    /// `payload`: bytes behind the kind, 0 or more.
    pattern(content what, std::size_t payload);

    /// Bytes of one frame, header included.
    std::size_t frame_size() const noexcept { return frame_; }

    /// The bytes of a connection's messages from number `first` on, without the first `skip` bytes (less than a frame):
    /// `messages` of them, or as many as there is room for, one at least. Valid until the next call.
    base::bytes_view bytes(std::uint64_t connection, std::uint64_t first, std::size_t skip, std::uint64_t messages);

private:
    std::size_t frame_;
    std::size_t mark_;
    std::vector<std::byte> row_;
};

}  // namespace porter::detail::bench
