#include "client/plaintext_rejection.hpp"

#include <optional>
#include <variant>

#include "client/deadline_socket.hpp"
#include "client/errors.hpp"
#include "porter/frame.hpp"
#include "protocol/codec.hpp"

namespace porter::detail::client {

namespace {

constexpr std::size_t most_bytes = 1024;  // a closing with a line for a person takes some dozen

/// Whether it is a closing by a server that may have a place for us at another time.
bool is_passing(base::bytes_view payload)
{
    auto const decoded = protocol::decode_reply(payload);
    auto const* const said = decoded ? std::get_if<protocol::closing>(&*decoded) : nullptr;
    if (said == nullptr) return false;
    auto const what = static_cast<code>(said->code);
    return what == code::server_full || what == code::shutting_down || what == code::timeout;
}

client_error check_host_key(std::string const& where, bool passing)
{
    if (passing) {
        return {client_errc::closed,
                {code::unavailable,
                 where + " turned us away before TLS began: it is full or stopping, so try again later"}};
    }
    return {client_errc::protocol,
            {code::tls_required, where + " does not speak TLS 1.3 and porter/1: it answers in the clear, and may be a "
                                         "server without TLS (porterd --tls off)"}};
}

}  // namespace

task<client_error> read_plaintext_rejection(base::tcp_socket socket, std::string where,
                                            std::chrono::steady_clock::time_point deadline)
{
    auto const from = make_deadline_socket(std::move(socket), deadline);
    frame_decoder decoder{most_bytes - frame_header_size};
    for (;;) {
        base::error_code error;
        auto const payload = decoder.next(error);
        if (payload || error) {
            from->deadline.cancel();
            co_return check_host_key(where, payload && is_passing(*payload));
        }
        auto const room = asio::buffer(decoder.prepare().data(), most_bytes - decoder.size());
        auto const [failed, size] = co_await from->socket.async_receive(room, base::use_tuple);
        decoder.commit(size);
        if (!from->socket.is_open()) co_return timed_out_error(where).error;
        if (!failed) continue;
        from->deadline.cancel();
        co_return handshake_lost_error(where, failed).error;
    }
}

}  // namespace porter::detail::client
