#include "config/host.hpp"

#include <algorithm>
#include <asio/ip/address_v6.hpp>

namespace porter::detail::config {
namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035, 2.3.4, as text

std::string_view without_brackets(std::string_view text)
{
    bool const bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
    return bracketed ? text.substr(1, text.size() - 2) : text;
}

/// Bytes beyond ASCII are invalid, too: an internationalised name is resolved in its ASCII form.
bool is_invalid_in_host(char letter)
{
    auto const code = static_cast<unsigned char>(letter);
    return code <= ' ' || code >= 0x7f || letter == '[' || letter == ']';
}

/// Only an IPv6 address contains colons.
bool is_host(std::string_view text)
{
    if (text.empty() || text.size() > longest_name) return false;
    if (std::ranges::any_of(text, is_invalid_in_host)) return false;
    if (text.find(':') == std::string_view::npos) return true;
    asio::error_code error;
    asio::ip::make_address_v6(std::string{text}, error);
    return !error;
}

}  // namespace

parsed<std::string> parse_host(std::string_view text)
{
    auto const host = without_brackets(text);
    if (!is_host(host)) return reject_value(text, "a host: a name or an IP address, without a port");
    return std::string{host};
}

std::optional<host_and_port> split_host_and_port(std::string_view text, std::uint16_t least_port)
{
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos || is_host(without_brackets(text))) return std::nullopt;
    auto const host = without_brackets(text.substr(0, colon));
    bool const has_colons = host.find(':') != std::string_view::npos;
    bool const in_brackets = host.size() < colon;
    auto const port = parse_port(text.substr(colon + 1), least_port);
    if (!port || !is_host(host) || has_colons != in_brackets) return std::nullopt;
    return host_and_port{std::string{host}, *port};
}

}  // namespace porter::detail::config
