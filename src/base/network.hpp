#pragma once

#include <asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace porter::detail::base {

/// An IPv4-mapped IPv6 address (::ffff:127.0.0.1) as its IPv4 address, any other as it is but without a zone.
asio::ip::address canonical(asio::ip::address const& raw);

/// The IPv6 /48 that a /64 is in, as text: "2001:db8:1::/48" for "2001:db8:1:2::/64". Any other text is given back.
std::string site_of(std::string_view network);

/// A range of IP addresses in CIDR notation, such as 10.0.0.0/8 or 2001:db8::/32; a bare address is a range of one.
class network {
public:
    /// None: the text is no network, or its address has bits behind the prefix (10.0.0.1/8), which is a mistake or a
    /// misunderstanding more often than not.
    static std::optional<network> parse(std::string_view text);

    /// Judges the canonical form of the address.
    bool contains(asio::ip::address const& one) const;

private:
    network(asio::ip::address const& first, unsigned prefix) : first_(first), prefix_(prefix) {}

    asio::ip::address first_;
    unsigned prefix_;  // bits
};

}  // namespace porter::detail::base
