#include "server/proxy_protocol.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/number.hpp"

namespace porter::detail::server {
namespace {

using parsed = result<std::optional<proxy_header>, std::string>;
using namespace std::string_view_literals;

constexpr auto signature_1 = "PROXY "sv;
constexpr auto signature_2 = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t longest_1 = 107;  // bytes with CR LF: "worst case" in section 2.1
constexpr std::size_t fixed_2 = 16;     // bytes of version 2 before the addresses

unexpected<std::string> malformed(char const* reason)
{
    return unexpected(std::string{reason});
}

parsed need_more()
{
    return std::optional<proxy_header>{};
}

/// A header without addresses.
parsed found(std::size_t size)
{
    return std::optional{proxy_header{size, {}}};
}

using asio::ip::tcp;

parsed found(std::size_t size, tcp::endpoint const& client, tcp::endpoint const& server)
{
    return std::optional{proxy_header{size, client.address(), client.port(), server}};
}

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    bool const is_padded = text.size() > 1 && text.front() == '0';
    return is_padded ? std::nullopt : base::parse_number<std::uint16_t>(text);
}

/// An address of the announced family, without a zone or a NUL.
std::optional<asio::ip::address> parse_address(std::string_view text, bool v6)
{
    bool const is_numeric = std::ranges::all_of(
        text, [](char c) { return std::string_view{"0123456789abcdefABCDEF.:"}.find(c) != std::string_view::npos; });
    if (!is_numeric) return std::nullopt;
    asio::error_code error;
    auto address = asio::ip::make_address(std::string{text}, error);
    if (error || address.is_v6() != v6) return std::nullopt;
    return address;
}

/// Removes and returns the text up to the next space; the space is removed, too.
std::string_view next_word(std::string_view& line)
{
    auto const space = line.find(' ');
    auto const word = line.substr(0, space);
    line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
    return word;
}

/// `line`: between the signature and CR LF.
parsed parse_words(std::string_view line, std::size_t size)
{
    auto const family = next_word(line);
    if (family == "UNKNOWN") return found(size);  // the rest of the line is to be ignored: section 2.1
    if (family != "TCP4" && family != "TCP6") return malformed("its protocol is not TCP4, TCP6 or UNKNOWN");
    bool const v6 = family == "TCP6";
    auto const source = parse_address(next_word(line), v6);
    auto const destination = parse_address(next_word(line), v6);
    auto const source_port = parse_port(next_word(line));
    auto const destination_port = parse_port(line);
    // The second port is the rest of the line: a trailing space is malformed.
    if (!source || !destination) return malformed("an address in it is invalid");
    if (!source_port || !destination_port) return malformed("a port in it is invalid");
    return found(size, {*source, *source_port}, {*destination, *destination_port});
}

parsed parse_1(std::string_view prefix)
{
    auto const line = prefix.substr(0, longest_1);
    auto const end = line.find('\n');
    if (end == std::string_view::npos) {
        if (line.size() == longest_1) return malformed("its line is longer than 107 bytes");
        return need_more();
    }
    if (line[end - 1] != '\r') return malformed("its line does not end with CR LF");
    return parse_words(line.substr(signature_1.size(), end - 1 - signature_1.size()), end + 1);
}

unsigned byte_at(std::string_view bytes, std::size_t at)
{
    return static_cast<unsigned char>(bytes[at]);
}

template <typename Address>
Address address_at(std::string_view bytes, std::size_t at)
{
    typename Address::bytes_type raw{};
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<unsigned char>(bytes[at + i]);
    return Address{raw};
}

/// The addresses and ports of a header of version 2.
template <typename Address>
parsed found_addresses(std::string_view prefix, std::size_t size)
{
    constexpr auto width = std::tuple_size_v<typename Address::bytes_type>;
    auto const port_at = [&](std::size_t at) {
        return static_cast<std::uint16_t>(byte_at(prefix, at) << 8U | byte_at(prefix, at + 1));
    };
    auto const ports = fixed_2 + 2 * width;
    return found(size, {address_at<Address>(prefix, fixed_2), port_at(ports)},
                 {address_at<Address>(prefix, fixed_2 + width), port_at(ports + 2)});
}

/// Bytes of the addresses of each family: unspecified, IPv4, IPv6, local sockets.
constexpr std::array<std::size_t, 4> address_sizes{0, 12, 36, 216};

parsed parse_2(std::string_view prefix)
{
    if (prefix.size() > 12 && (byte_at(prefix, 12) & 0xf0U) != 0x20) return malformed("its version is not 2");
    if (prefix.size() > 12 && (byte_at(prefix, 12) & 0x0fU) > 1)
        return malformed("its command is neither LOCAL nor PROXY");
    if (prefix.size() < fixed_2) return need_more();

    bool const local = (byte_at(prefix, 12) & 0x0fU) == 0;
    auto const family = byte_at(prefix, 13) >> 4U;
    auto const transport = byte_at(prefix, 13) & 0x0fU;
    std::size_t const length = byte_at(prefix, 14) << 8U | byte_at(prefix, 15);
    std::size_t const size = fixed_2 + length;
    if (size > longest_proxy_header) return malformed("it is longer than 4096 bytes");
    if (!local && (family >= address_sizes.size() || transport > 2)) return malformed("its address family is unknown");
    if (!local && length < address_sizes[family]) return malformed("it is too short for its addresses");
    if (prefix.size() < size) return need_more();

    constexpr unsigned stream_transport = 1;
    if (local || transport != stream_transport) return found(size);
    if (family == 1) return found_addresses<asio::ip::address_v4>(prefix, size);
    if (family == 2) return found_addresses<asio::ip::address_v6>(prefix, size);
    return found(size);
}

bool may_start(std::string_view prefix, std::string_view signature)
{
    auto const both = std::min(prefix.size(), signature.size());
    return prefix.substr(0, both) == signature.substr(0, both);
}

/// Bytes of one peek: few, because a header is short.
constexpr std::size_t peek_size = 256;

close_reason invalid_header(std::string const& reason)
{
    return close_reason::local(code::protocol_error, "a PROXY header is required here: " + reason);
}

}  // namespace

parsed parse_proxy_header(std::string_view prefix)
{
    if (may_start(prefix, signature_1)) return prefix.size() < signature_1.size() ? need_more() : parse_1(prefix);
    if (may_start(prefix, signature_2)) return prefix.size() < signature_2.size() ? need_more() : parse_2(prefix);
    return malformed("it does not begin with the signature of one");
}

task<result<proxy_header, close_reason>> read_proxy_header(base::tcp_socket& socket)
{
    // Peeks first and consumes afterwards: the length of the header is known only then.
    std::string prefix;
    std::size_t taken = 0;
    for (;;) {
        auto [failed] = co_await socket.async_wait(base::tcp_socket::wait_read, base::use_tuple);
        if (failed) co_return unexpected(close_reason::lost(failed.message()));
        prefix.resize(taken + peek_size);
        auto const space = asio::buffer(prefix) + taken;
        base::error_code error;
        auto const peeked = socket.receive(space, base::tcp_socket::message_peek, error);
        if (error == asio::error::would_block) continue;
        if (error == asio::error::eof || (!error && peeked == 0)) {
            co_return unexpected(taken == 0 ? close_reason::half_closed() : close_reason::truncated());
        }
        if (error) co_return unexpected(close_reason::lost(error.message()));

        auto const header = parse_proxy_header(std::string_view{prefix}.substr(0, taken + peeked));
        if (!header) co_return unexpected(invalid_header(header.error()));
        auto const wanted = *header ? (*header)->size - taken : peeked;
        taken += socket.receive(asio::buffer(space, wanted), 0, error);
        if (error) co_return unexpected(close_reason::lost(error.message()));
        if (*header) co_return **header;
    }
}

}  // namespace porter::detail::server
