#include "client/plaintext_rejection.hpp"

#include <optional>
#include <variant>

#include "client/connect_errors.hpp"
#include "client/deadline_socket.hpp"
#include "porter/frame.hpp"
#include "protocol/codec.hpp"

namespace porter::detail::client {

namespace {

constexpr std::size_t max_reply = 1024;  // bytes; a `closing` takes some dozen

/// Whether it is a `closing` after which a later attempt may succeed.
bool is_temporary(base::bytes_view payload)
{
    auto const decoded = protocol::decode_reply(payload);
    auto const* const closing = decoded ? std::get_if<protocol::closing>(&*decoded) : nullptr;
    if (closing == nullptr) return false;
    auto const reason = static_cast<code>(closing->code);
    return reason == code::server_full || reason == code::shutting_down || reason == code::timeout;
}

client_error rejection_error(std::string const& server, bool temporary)
{
    if (temporary) {
        return {client_errc::closed,
                {code::unavailable,
                 server + " rejected the connection before TLS began: it is full or stopping, so try again later"}};
    }
    return {client_errc::protocol,
            {code::tls_required, server + " does not speak TLS 1.3 and porter/1: it replied in plaintext, and may be a "
                                          "server without TLS (porterd --tls off)"}};
}

}  // namespace

task<client_error> read_plaintext_rejection(base::tcp_socket socket, std::string server,
                                            std::chrono::steady_clock::time_point deadline)
{
    auto const peer = make_deadline_socket(std::move(socket), deadline);
    frame_decoder decoder{max_reply - frame_header_size};
    for (;;) {
        base::error_code error;
        auto const payload = decoder.next(error);
        if (payload || error) {
            peer->timer.cancel();
            co_return rejection_error(server, payload && is_temporary(*payload));
        }
        auto const buffer = asio::buffer(decoder.prepare().data(), max_reply - decoder.size());
        auto const [failed, size] = co_await peer->socket.async_receive(buffer, base::use_tuple);
        decoder.commit(size);
        if (!peer->socket.is_open()) co_return timed_out_error(server).error;
        if (!failed) continue;
        peer->timer.cancel();
        co_return handshake_lost_error(server, failed).error;
    }
}

}  // namespace porter::detail::client
