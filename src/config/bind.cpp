#include "config/bind.hpp"

#include <fmt/format.h>

#include <asio/ip/address.hpp>

namespace porter::detail::config {
namespace {

using asio::ip::address;

/// Converts an IPv4-mapped IPv6 address to IPv4.
address canonical(std::string_view text)
{
    auto parsed = asio::ip::make_address(std::string{text});
    if (!parsed.is_v6() || !parsed.to_v6().is_v4_mapped()) return parsed;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, parsed.to_v6());
}

/// Whether a listener on `a` accepts every connection to `b`.
bool covers(address const& a, address const& b)
{
    if (a == b) return true;
    if (!a.is_unspecified()) return false;
    return a.is_v6() || b.is_v4();  // "::" serves both families
}

}  // namespace

bool is_address(std::string_view text)
{
    asio::error_code error;
    asio::ip::make_address(std::string{text}, error);
    return !error && text.find('\0') == std::string_view::npos;
}

bool is_loopback(std::string_view address)
{
    return canonical(address).is_loopback();
}

std::optional<std::string> conflict_among(std::vector<std::string> const& addresses)
{
    for (auto a = addresses.begin(); a != addresses.end(); ++a) {
        for (auto b = addresses.begin(); b != addresses.end(); ++b) {
            if (a == b || !covers(canonical(*a), canonical(*b))) continue;
            if (canonical(*a) == canonical(*b)) return fmt::format("{} is given twice", *b);
            return fmt::format("{} already serves {}", *a, *b);
        }
    }
    return std::nullopt;
}

}  // namespace porter::detail::config
