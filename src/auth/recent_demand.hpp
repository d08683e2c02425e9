#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace porter::rooms::auth {

/// How often each network has asked of late: in this period and the one before it. Bounded, whoever asks.
class recent_demand {
public:
    using time_point = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds period{30};
    /// A period in which this many networks asked is over early.
    static constexpr std::size_t most_networks = 16 * 1024;

    /// Counts one more; how many that makes, at least 1.
    std::size_t add(std::string const& network, time_point now);

private:
    using counts = std::unordered_map<std::string, std::size_t>;

    counts now_;
    counts before_;
    time_point began_{};
};

}  // namespace porter::rooms::auth
