#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "bench/descriptor.hpp"
#include "bench/place.hpp"

namespace porter::rooms::bench {

/// What became of a read or write.
struct transfer {
    enum class outcome : std::uint8_t {
        some,    ///< `size` bytes went through, and more may
        last,    ///< `size` bytes went through, which is all for now: go on when the socket is ready again
        ended,   ///< the server sends nothing more
        failed,  ///< `error` says why
    };

    outcome what = outcome::last;
    std::size_t size = 0;
    int error = 0;
};

/// The bytes of one connection, in both directions, without waiting. The only place that knows how they travel: in the
/// clear; TLS becomes another way here.
class channel {
public:
    /// Begins to connect. From `source`, when one is given.
    static result<channel, fault> connect(place const& to, std::optional<place> const& source);

    /// Of a socket that is connected and does not block.
    explicit channel(descriptor socket) noexcept : socket_(std::move(socket)) {}

    /// How connecting went, once the socket is ready for writing; 0: connected.
    int connected() const noexcept;

    transfer read(std::span<std::byte> room) noexcept;
    transfer write(base::bytes_view bytes) noexcept;

    int number() const noexcept { return socket_.number(); }

private:
    descriptor socket_;
};

}  // namespace porter::rooms::bench
