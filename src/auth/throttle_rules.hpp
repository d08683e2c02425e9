#pragma once

#include <chrono>
#include <cstddef>

#include "store/throttle.hpp"

namespace porter::detail::auth {

/// How failed tries slow down further ones (docs/PROTOCOL.md, failures). A slip of the fingers costs nothing, and
/// whoever guesses at one account gets to 100 in a quarter of an hour and no further (NIST SP 800-63B, 5.2.2). The
/// views in migrations/ show the same limits.
inline constexpr store::throttle_rules throttle_rules{
    .free_failures = 4,
    .pauses = {std::chrono::seconds{1}, std::chrono::seconds{3}, std::chrono::seconds{5}, std::chrono::seconds{10}},
    .locked_after = 100,
    .failures_per_network = 20,
    .network_window = std::chrono::minutes{10},
};

/// Names without an account whose failures are remembered: a bound for memory. Each costs its guesser a hash.
inline constexpr std::size_t most_unknown_names = 65'536;

}  // namespace porter::detail::auth
