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

/// Limits the bytes of log that the peers of one network cause within a minute, and counts the lines beyond the limit.
/// A network is an IPv4 address or an IPv6 /64. An IPv6 /48 has eight times the budget of a /64, because one customer
/// often has all of its 65,536 /64s. Memory is fixed: a table of networks for each kind. When the table of /64s is
/// full, further ones count for their /48 only; when another table is full, further networks share one budget. There is
/// no limit for all networks together: with one, a flood would suppress the lines of every other network. Safe from any
/// thread; one mutex, no allocation while no line is suppressed.
class line_budget {
public:
    using time = std::chrono::steady_clock::time_point;

    /// How long a budget lasts. All budgets are reset at the same time.
    static constexpr std::chrono::seconds window{60};
    /// For one IPv4 address or IPv6 /64 within a window: 720 MiB a day, some 4,000 lines a minute.
    static constexpr std::uint32_t bytes_per_network = 512 * 1024;
    /// Extra bytes for lines of the level error, so that a flood does not hide them: 90 MiB a day.
    static constexpr std::uint32_t bytes_for_errors = bytes_per_network / 8;
    static constexpr std::uint32_t bytes_per_site = 8 * bytes_per_network;    ///< for an IPv6 /48
    static constexpr std::uint32_t bytes_of_others = 64 * bytes_per_network;  ///< for all networks without a slot
    static constexpr std::size_t slots = 4096;                                ///< per table: a power of two

    /// Lines of a network that were suppressed within a window.
    struct suppression {
        std::string network;  ///< as in "192.0.2.7", "2001:db8:0:1::/64", "2001:db8::/48"; "others": without a slot
        std::uint64_t lines = 0;
        bool has_errors = false;  ///< some of them have the level error
        std::chrono::seconds length{};
    };

    struct decision {
        bool is_admitted;
        bool has_finished;  ///< take_finished() has something to report
    };

    /// `now` starts the first window.
    explicit line_budget(time now);

    /// Decides about a line and charges it to the network of `address`. If that is not an IP address, the line is
    /// always admitted.
    decision admit(std::string_view address, level severity, std::size_t bytes, time now);

    /// Returns and removes the suppressions of windows that have ended. If it throws std::bad_alloc, nothing is
    /// removed.
    std::vector<suppression> take_finished(time now);
    /// Includes the current window: for the end of the log.
    std::vector<suppression> take_all(time now);

private:
    enum class kind : std::uint8_t { ipv4, ipv6_64, ipv6_48 };

    struct bucket {
        std::uint64_t prefix;  // the network's bits; an IPv4 address is in the lower half
        std::uint32_t window;  // the number of the window of the counts; in any other window the slot is free
        std::uint32_t bytes;
        std::uint32_t suppressed;
        bool has_errors;
    };

    /// A hash table with bounded probing, so that peers cannot slow it down by their choice of addresses.
    struct table {
        std::vector<bucket> buckets;
        bucket others{};  // shared by networks without a slot
    };

    /// The bucket of a network in this window; null: the table has no slot for it.
    bucket* find(table& networks, std::uint64_t prefix);
    bucket& find_or_others(table& networks, std::uint64_t prefix);
    bool charge(bucket& target, std::uint64_t limit, level severity, std::size_t bytes);
    void begin_window(time now);
    void finish_window(time now);
    void collect(table const& networks, kind network_kind, std::chrono::seconds length,
                 std::vector<suppression>& out) const;

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
