#pragma once

#include <chrono>

#include "store/throttle.hpp"

namespace porter::detail::auth {

/// How failed attempts slow down further ones (docs/PROTOCOL.md, failures). A few typing errors cost nothing; a guesser
/// gets 100 attempts at an account, in a quarter of an hour, and no more (NIST SP 800-63B, 5.2.2). The views in
/// migrations/ have the same limits.
inline constexpr store::throttle_rules throttle_rules{
    .free_failures = 4,
    .pauses = {std::chrono::seconds{1}, std::chrono::seconds{3}, std::chrono::seconds{5}, std::chrono::seconds{10}},
    .locked_after = 100,
    .failures_per_network = 20,
    .network_window = std::chrono::minutes{10},
};

}  // namespace porter::detail::auth
