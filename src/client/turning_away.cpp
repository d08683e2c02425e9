#include "client/turning_away.hpp"

#include <optional>
#include <variant>

#include "client/attempt.hpp"
#include "client/failing.hpp"
#include "porter/frame.hpp"
#include "protocol/codec.hpp"

namespace porter::rooms::client {

namespace {

constexpr std::size_t most_bytes = 1024;  // a closing with a line for a person takes some dozen

/// Whether it is a closing by a server that may have a place for us at another time.
bool is_passing(base::bytes_view payload)
{
    auto const decoded = protocol::decode_reply(payload);
    auto const* const said = decoded ? std::get_if<protocol::closing>(&*decoded) : nullptr;
    if (said == nullptr) return false;
    auto const what = static_cast<code>(said->what);
    return what == code::server_full || what == code::shutting_down || what == code::timeout;
}

client_failure judge(std::string const& where, bool passing)
{
    using cause = client_failure::cause;
    if (passing) {
        return {cause::closed,
                {code::unavailable,
                 where + " turned us away before TLS began: it is full or stopping, so try again later"}};
    }
    return {cause::protocol,
            {code::tls_required, where + " does not speak TLS 1.3 and porter/1: it answers in the clear, and may be a "
                                         "server without TLS (porterd --tls off)"}};
}

}  // namespace

task<client_failure> hear_plain_answer(base::tcp_socket socket, std::string where,
                                       std::chrono::steady_clock::time_point deadline)
{
    auto const from = begin_attempt(std::move(socket), deadline);
    frame_decoder decoder{most_bytes - frame_header_size};
    for (;;) {
        base::error_code error;
        auto const payload = decoder.next(error);
        if (payload || error) {
            from->deadline.cancel();
            co_return judge(where, payload && is_passing(*payload));
        }
        auto const room = asio::buffer(decoder.prepare().data(), most_bytes - decoder.size());
        auto const [failed, size] = co_await from->socket.async_receive(room, base::use_tuple);
        decoder.commit(size);
        if (!from->socket.is_open()) co_return too_slow(where).error;
        if (!failed) continue;
        from->deadline.cancel();
        co_return lost_in_handshake(where, failed).error;
    }
}

}  // namespace porter::rooms::client
