#include "tls/client_hello.hpp"

#include <algorithm>

namespace porter::detail::tls {
namespace {

constexpr std::size_t record_header = 5;
constexpr std::size_t message_header = 4;
constexpr std::byte change_cipher_spec{20};  // a client may send one before its second ClientHello: RFC 8446, D.4
constexpr std::byte handshake{22};
constexpr std::byte client_hello{1};

std::size_t number(base::bytes_view bytes) noexcept
{
    std::size_t value = 0;
    for (auto const each : bytes) value = value << 8 | std::to_integer<std::size_t>(each);
    return value;
}

}  // namespace

client_hello_state find_client_hello(base::bytes_view flight) noexcept
{
    using enum client_hello_state;
    std::size_t received = 0;  // bytes of the message
    std::size_t needed = 0;    // the length of the message; 0: not known yet
    std::size_t size = 0;      // the length of its body, from the received bytes of its header
    for (std::size_t records = 1; flight.size() >= record_header; ++records) {
        if (records > max_client_hello_records) return too_large;
        auto const type = flight[0];
        auto const declared = number(flight.subspan(3, 2));
        auto const payload = flight.subspan(record_header, std::min(declared, flight.size() - record_header));
        if (type != handshake && (type != change_cipher_spec || received > 0)) return complete;
        if (type == handshake && received == 0 && !payload.empty() && payload[0] != client_hello) return complete;
        if (type == handshake) {
            for (auto i = received; i < message_header && i - received < payload.size(); ++i) {
                if (i > 0) size = size << 8 | std::to_integer<std::size_t>(payload[i - received]);
            }
            received += payload.size();
        }
        if (received >= message_header) needed = message_header + size;
        if (needed > max_client_hello) return too_large;
        if (needed > 0 && received >= needed) return complete;
        flight = flight.subspan(record_header + payload.size());
    }
    return partial;
}

}  // namespace porter::detail::tls
