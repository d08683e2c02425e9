#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The addresses that a server listens on.
namespace porter::detail::config {

/// Whether the text is an IPv4 or IPv6 address, with or without a zone.
bool is_address(std::string_view text);

/// Whether only this machine can reach a listener on the address (127.0.0.0/8, ::1, and these mapped into IPv6).
bool is_loopback(std::string_view address);

/// Why a server cannot listen on all of these addresses: one is there twice or covers another. None: it can.
std::optional<std::string> conflict_among(std::vector<std::string> const& addresses);

}  // namespace porter::detail::config
