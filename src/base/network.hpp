#pragma once

#include <asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace porter::detail::base {

/// Converts an IPv4-mapped IPv6 address (::ffff:127.0.0.1) to its IPv4 address, and removes the zone of any other.
asio::ip::address canonical(asio::ip::address const& raw);

/// The IPv6 /48 that contains a /64, as text: "2001:db8:1::/48" for "2001:db8:1:2::/64". Any other text is returned
/// unchanged.
std::string site_of(std::string_view network);

/// A range of IP addresses in CIDR notation, such as 10.0.0.0/8 or 2001:db8::/32; a bare address is a range of one.
class network {
public:
    /// None: the text is not a network, or its address has bits set after the prefix (10.0.0.1/8), which is usually a
    /// mistake.
    static std::optional<network> parse(std::string_view text);

    /// The same, but bits after the prefix are cleared: 10.0.0.0/8 for 10.0.0.1/8.
    static std::optional<network> parse_enclosing(std::string_view text);

    /// The range of this length that contains an address, which is canonical. `prefix`: at most its bits.
    network(asio::ip::address const& member, unsigned prefix);

    /// Compares the canonical form of the address.
    bool contains(asio::ip::address const& candidate) const;

    /// The lowest address, which is canonical.
    asio::ip::address const& first() const noexcept { return first_; }
    unsigned prefix() const noexcept { return prefix_; }

    /// In canonical form: "192.0.2.7", "192.0.2.0/24", "2001:db8::/32".
    std::string text() const;

    friend bool operator==(network const&, network const&) = default;

private:
    static std::optional<network> parse(std::string_view text, bool is_exact);

    asio::ip::address first_;
    unsigned prefix_;  // bits
};

}  // namespace porter::detail::base
