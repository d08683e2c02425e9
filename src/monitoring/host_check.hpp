#pragma once

#include <string_view>

namespace porter::detail::monitoring {

/// Whether a Host header names a server by an IP address or as localhost. Another name may be one that a foreign web
/// page has pointed to this machine (DNS rebinding): the browser takes what is served for a part of that page. An empty
/// header is no browser's.
bool is_address_or_localhost(std::string_view host);

}  // namespace porter::detail::monitoring
