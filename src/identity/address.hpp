#pragma once

#include <asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace porter::detail::identity {

/// An IP address in canonical form: an IPv4-mapped IPv6 address (::ffff:127.0.0.1) becomes the IPv4 address, IPv6 is
/// written as in RFC 5952, a zone index (fe80::1%eth0) is dropped.
class address {
public:
    explicit address(asio::ip::address const& raw);
    /// None when the text is not an IP address.
    static std::optional<address> parse(std::string_view text);

    std::string const& text() const noexcept { return text_; }
    /// The unit that limits apply to: the IPv4 address, or the /64 of an IPv6 address, such as "2001:db8:0:1::/64".
    std::string network() const;
    bool is_loopback() const noexcept { return ip_.is_loopback(); }
    asio::ip::address const& ip() const noexcept { return ip_; }

    /// The number of the connection from this address, for its log lines; 0: none.
    std::uint64_t connection() const noexcept { return connection_; }
    address with_connection(std::uint64_t connection) const;

    friend bool operator==(address const& a, address const& b) noexcept { return a.text_ == b.text_; }

private:
    std::string text_;
    asio::ip::address ip_;
    std::uint64_t connection_ = 0;  // not compared: several connections may share an address
};

}  // namespace porter::detail::identity
