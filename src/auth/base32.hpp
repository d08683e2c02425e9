#pragma once

#include <string>
#include <string_view>

namespace porter::detail::auth {

/// Bytes as base32 (RFC 4648) without padding, in capitals: the form in which authenticators take a secret. The result
/// is as secret as the bytes.
std::string encode_base32(std::string_view bytes);

}  // namespace porter::detail::auth
