#pragma once

#include <array>
#include <asio/ip/address.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "base/network.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "store/records.hpp"

namespace porter::detail::server {

/// A banned network.
struct banned_network {
    base::network network;
    std::optional<base::timestamp> expires_at;  ///< none: never
    bool is_silent = false;                     ///< its connections are closed without a message
};

/// The bans that are in force, with those that have expired since they were read. It does not change, so threads share
/// it without a lock.
class ban_set {
public:
    ban_set() = default;
    /// Skips what is no network, and all beyond store::most_bans.
    explicit ban_set(std::span<store::ban const> bans);

    /// The most specific ban of this address, which is canonical, of those that are in force now. Null: there is none;
    /// mostly the clock is then not read.
    banned_network const* find(asio::ip::address const& from, base::clock const& clock) const;

    /// The first `limit` of those that are in force at a time.
    std::vector<banned_network> list(std::size_t limit, base::timestamp now) const;

    std::size_t size() const noexcept { return size_; }
    /// Stored bans that are not in this set.
    std::size_t skipped() const noexcept { return skipped_; }

private:
    /// Networks of one length, by their first address.
    struct length {
        unsigned prefix = 0;
        std::vector<banned_network> networks;
    };
    using family = std::vector<length>;  // the longest prefix first

    static void add(family& to, banned_network network);

    family v4_;
    family v6_;
    std::size_t size_ = 0;
    std::size_t skipped_ = 0;
};

/// Logs that a new connection is closed because of a ban.
void log_ban_rejected(log::logger& log, identity::address const& from, banned_network const& ban);

}  // namespace porter::detail::server
