#pragma once

#include <array>
#include <asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/network.hpp"
#include "porter/connection_info.hpp"

namespace porter::detail::server {

/// Which connections are wanted, and in which order. A query waits for the workers; newest_connections is for the
/// threads of monitoring, which must not wait for one that is busy.
struct connection_query {
    enum class key : std::uint8_t { id, account, address, phase, messages, bytes };

    key by = key::id;
    bool is_descending = false;
    std::size_t limit = 0;                 ///< rows
    std::string folded_name;               ///< only those of this name; empty: any
    std::optional<base::network> network;  ///< only those from it; none: any

    bool selects(std::string_view name, asio::ip::address const& address) const;
};

/// What connections are compared by. The views are into the connection.
struct connection_sort_values {
    std::uint64_t id = 0;
    std::string_view name;
    asio::ip::address address;
    connection_phase phase = connection_phase::opening;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
};

/// Whether `a` comes before `b`. Equal ones are ordered by their ids, so each order is complete.
bool precedes(connection_query const& query, connection_sort_values const& a, connection_sort_values const& b) noexcept;

/// The connections of a server, or of one worker, at one moment.
struct connection_sample {
    std::array<std::uint64_t, 4> phases{};  ///< how many there are, by connection_phase; of all, selected or not
    std::uint64_t selected = 0;             ///< how many the query selects
    std::vector<connection_info> rows;      ///< the first ones of these

    /// Adds those of another worker to the end.
    void append(connection_sample other);

    /// Orders the rows, and drops those beyond the limit.
    void arrange(connection_query const& query);
};

}  // namespace porter::detail::server
