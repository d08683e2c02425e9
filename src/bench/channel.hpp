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
#include "porter/result.hpp"
#include "tls/context.hpp"
#include "tls/engine.hpp"

namespace porter::detail::bench {

/// The result of a non-blocking step.
struct transfer {
    enum class status : std::uint8_t {
        more,     ///< `size` bytes were transferred; more may follow at once
        blocked,  ///< `size` bytes were transferred; continue when the socket is ready again
        ended,    ///< the server has ended its output
        failed,   ///< see `error`
    };

    status outcome = status::blocked;
    std::size_t size = 0;
    std::error_code error{};
};

/// The addresses and the transport of a channel.
struct route {
    endpoint to;
    std::optional<endpoint> from;              ///< none: the system chooses
    tls::client_context const* tls = nullptr;  ///< null: plaintext
    std::string host;                          ///< the server name for TLS
};

/// A non-blocking byte stream over TCP or TLS. It accepts any server key: the load only sends accounts that were made
/// for the measurement.
class channel {
public:
    /// Starts to connect. `route.tls` is used during the call only.
    static result<channel, fault> connect(route const& route);

    /// A plaintext channel over a connected non-blocking socket.
    explicit channel(base::unique_fd socket) noexcept : socket_(std::move(socket)) {}

    /// Continues to connect and the TLS handshake. more: the channel is open.
    transfer open();

    transfer read(std::span<std::byte> buffer);
    transfer write(base::bytes_view bytes);

    /// Sends TLS records that earlier writes could not send.
    transfer flush();

    /// Whether to continue when the socket is writable; else when it is readable.
    bool wants_to_write() const noexcept { return connecting_ || has_output(); }

    int number() const noexcept { return socket_.get(); }

private:
    transfer receive(std::span<std::byte> buffer) noexcept;
    transfer send(base::bytes_view bytes) noexcept;
    transfer receive_ciphertext();
    transfer tls_failure();
    bool has_output() const noexcept { return tls_ && !tls_->bytes().output().empty(); }

    base::unique_fd socket_;
    bool connecting_ = false;
    std::unique_ptr<tls::engine> tls_;
};

}  // namespace porter::detail::bench
