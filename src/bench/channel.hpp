#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "bench/endpoint.hpp"
#include "tls/context.hpp"
#include "tls/engine.hpp"

namespace porter::detail::bench {

/// What became of a step that does not wait.
struct transfer {
    enum class status : std::uint8_t {
        some,    ///< `size` bytes went through, and more may
        last,    ///< `size` bytes went through, which is all for now: go on when the socket is ready again
        ended,   ///< the server sends nothing more
        failed,  ///< `error` says why
    };

    status outcome = status::last;
    std::size_t size = 0;
    std::error_code error{};
};

/// Where a channel goes, and how.
struct route {
    endpoint to;
    std::optional<endpoint> from;                 ///< none: whichever address the system takes
    tls::client_context const* secure = nullptr;  ///< null: in the clear
    std::string host;                             ///< what TLS calls the server
};

/// The bytes of one connection, in both directions, without waiting. The only place that knows whether they travel in
/// the clear or over TLS. Of a server's key nothing is asked: what is sent to it are accounts made for a measurement.
class channel {
public:
    /// Begins to connect. `along.secure` is needed during the call only.
    static result<channel, fault> connect(route const& along);

    /// Of a socket that is connected and does not block, in the clear.
    explicit channel(base::unique_fd socket) noexcept : socket_(std::move(socket)) {}

    /// Goes on with connecting and with the handshake of TLS. some: it is open.
    transfer open();

    transfer read(std::span<std::byte> room);
    transfer write(base::bytes_view bytes);

    /// Sends what earlier writes took and the socket did not.
    transfer flush();

    /// Whether it is to be called again when the socket can be written to; else when it can be read.
    bool wants_to_write() const noexcept { return connecting_ || is_stuck(); }

    int number() const noexcept { return socket_.get(); }

private:
    transfer receive(std::span<std::byte> room) noexcept;
    transfer send(base::bytes_view bytes) noexcept;
    transfer receive_ciphertext();
    transfer failed_tls();
    bool is_stuck() const noexcept { return tls_ && !tls_->bytes().output().empty(); }

    base::unique_fd socket_;
    bool connecting_ = false;
    std::unique_ptr<tls::engine> tls_;
};

}  // namespace porter::detail::bench
