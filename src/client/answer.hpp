#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "client/wakeup.hpp"
#include "porter/client.hpp"
#include "protocol/messages.hpp"

namespace porter::rooms::client {

/// What the server answers a question of ours with, apart from `denied`.
using answer = std::variant<server_info, grant, protocol::done, std::vector<session_info>>;

/// Which of them a question expects.
enum class expected : std::size_t { welcome = 0, granted = 1, done = 2, sessions = 3 };

/// A question on its way: shared by the coroutine that waits and the link that hears the answer.
struct question {
    question(io_executor executor, expected wanted_, wakeup::time_point deadline)
        : wanted(wanted_), answered(executor, deadline)
    {}

    void settle(client_result<answer> said)
    {
        came = std::move(said);
        answered.notify();
    }

    expected wanted;
    std::optional<client_result<answer>> came;
    wakeup answered;
};

// The decoded messages as values that outlive the input buffer.
server_info to_value(protocol::welcome const& said);
grant to_value(protocol::granted const& said);
std::vector<session_info> to_value(protocol::sessions const& said);
client_failure to_value(protocol::denied const& said);
client_failure to_value(protocol::closing const& said);

}  // namespace porter::rooms::client
