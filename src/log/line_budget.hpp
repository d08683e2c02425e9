#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/logger.hpp"

namespace porter::detail::log {

/// Bounds the bytes of log that the peers of one network cause within a minute, and counts the lines beyond. A network
/// is an IPv4 address or an IPv6 /64. An IPv6 /48 has eight times the budget of a /64, because one customer often has
/// all of its 65,536 /64s. Memory is fixed: a table of networks for each kind. When the table of /64s is full, further
/// ones count for their /48 only; when another table is full, the networks that it has no room for share one budget.
/// There is no bound over all networks: one flood would then silence everybody else's lines. Safe from any thread; one
/// mutex, no allocation while no line is suppressed.
class line_budget {
public:
    using time = std::chrono::steady_clock::time_point;

    /// How long a budget lasts. All networks' budgets begin anew together.
    static constexpr std::chrono::seconds window{60};
    /// Bytes of lines within a window from one IPv4 address or IPv6 /64: 720 MiB a day, some 4,000 lines a minute.
    static constexpr std::uint32_t bytes_per_network = 512 * 1024;
    /// What lines of the level error may take beyond that, so that a flood does not hide them: 90 MiB a day.
    static constexpr std::uint32_t bytes_for_errors = bytes_per_network / 8;
    static constexpr std::uint32_t bytes_per_site = 8 * bytes_per_network;    ///< of an IPv6 /48
    static constexpr std::uint32_t bytes_of_others = 64 * bytes_per_network;  ///< of networks beyond a full table
    static constexpr std::size_t slots = 4096;                                ///< of a table: a power of two

    /// Lines of a network that were suppressed within a window.
    struct suppression {
        std::string network;  ///< as in "192.0.2.7", "2001:db8:0:1::/64", "2001:db8::/48"; "others": beyond the tables
        std::uint64_t lines = 0;
        bool has_errors = false;  ///< some of them were of the level error
        std::chrono::seconds length{};
    };

    struct decision {
        bool is_admitted;
        bool has_finished;  ///< take_finished() has something to report
    };

    /// `now` starts the first window.
    explicit line_budget(time now);

    /// Decides about a line and charges it to the network of `address`. What is no IP address has no budget: always
    /// admitted.
    decision admit(std::string_view address, level severity, std::size_t bytes, time now);

    /// What was suppressed in windows that are over by `now`. May throw std::bad_alloc; then it is still there.
    std::vector<suppression> take_finished(time now);
    /// The same, with the window that is not over: for the end of the log.
    std::vector<suppression> take_all(time now);

private:
    enum class kind : std::uint8_t { ipv4, ipv6_64, ipv6_48 };

    struct bucket {
        std::uint64_t prefix;  // the network's bits, those of IPv4 in the lower half
        std::uint32_t window;  // the number of the window that the rest is of; in any other the slot is free
        std::uint32_t bytes;
        std::uint32_t suppressed;
        bool has_errors;
    };

    /// A table of buckets with a bounded search, so that peers who choose their addresses cannot make it slow.
    struct table {
        std::vector<bucket> buckets;
        bucket others{};  // all that find no slot
    };

    /// The bucket of a network in this window, or null where the table has no room for it.
    bucket* find(table& in, std::uint64_t prefix);
    bucket& find_or_others(table& in, std::uint64_t prefix);
    bool charge(bucket& one, std::uint64_t limit, level severity, std::size_t bytes);
    void begin_window(time now);
    void finish_window(time now);
    void collect(table const& of, kind what, std::chrono::seconds length, std::vector<suppression>& into) const;

    std::uint64_t const seed_;
    std::mutex mutex_;
    time started_at_;
    std::uint32_t window_ = 1;
    bool has_suppressed_ = false;  // in this window
    table ipv4_;
    table ipv6_64_;
    table ipv6_48_;
    std::vector<suppression> finished_;
};

}  // namespace porter::detail::log
