#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/network.hpp"
#include "control/messages.hpp"
#include "porter/connection_info.hpp"
#include "porter/task.hpp"

namespace porter::detail::control {

/// Which connections `sample` returns, and in which order.
struct connection_order {
    sort_key by = sort_key::id;
    bool is_descending = false;
    std::size_t limit = 0;                 ///< rows
    std::string folded_name;               ///< only those of this name; empty: any
    std::optional<base::network> network;  ///< only those from it; none: any
};

/// The state of a server at one moment.
struct server_sample {
    server_load load;
    std::uint64_t selected = 0;         ///< connections that the order selects
    std::vector<connection_info> rows;  ///< the first ones of these
};

/// The connections of the server that a control_server serves. Its calls are awaited on the thread of that.
class connections {
public:
    virtual ~connections() = default;

    /// The first `limit` of those with a larger id than `after`, in the order of their ids. Answers when each I/O
    /// thread has answered.
    virtual task<std::vector<connection_info>> list(std::uint64_t after, std::size_t limit) = 0;

    /// The load, and the first connections in an order. Answers when each I/O thread has answered.
    virtual task<server_sample> sample(connection_order order) = 0;

    /// Closes the connections with these ids, and returns how many did not end already. `reason` is for their peers.
    virtual task<std::size_t> close(std::vector<std::uint64_t> ids, std::string reason) = 0;

    /// How many there are.
    virtual std::size_t count() const = 0;
};

}  // namespace porter::detail::control
