#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "porter/connection_info.hpp"
#include "porter/task.hpp"

namespace porter::detail::control {

/// The connections of the server that a control_server serves. Its calls are awaited on the thread of that.
class connections {
public:
    virtual ~connections() = default;

    /// The first `limit` of those with a larger id than `after`, in the order of their ids. Answers when each I/O
    /// thread has answered.
    virtual task<std::vector<connection_info>> list(std::uint64_t after, std::size_t limit) = 0;

    /// Closes the connections with these ids, and returns how many did not end already. `reason` is for their peers.
    virtual task<std::size_t> close(std::vector<std::uint64_t> ids, std::string reason) = 0;

    /// How many there are.
    virtual std::size_t count() const = 0;
};

}  // namespace porter::detail::control
