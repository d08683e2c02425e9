#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "client/event.hpp"
#include "porter/client.hpp"
#include "protocol/messages.hpp"

namespace porter::detail::client {

/// What the server answers a question of ours with, apart from `denied`.
using reply = std::variant<server_info, access_granted, protocol::done, std::vector<session_info>>;

/// Which of them a question expects.
enum class expected : std::size_t { welcome = 0, granted = 1, done = 2, sessions = 3 };

/// A question on its way: shared by the coroutine that waits and the link that hears the answer.
struct pending_request {
    pending_request(io_executor executor, client::expected expected_, event::time_point deadline)
        : expected(expected_), done(executor, deadline)
    {}

    void resolve(client_result<reply> said)
    {
        resolved = std::move(said);
        done.notify();
    }

    client::expected expected;
    std::optional<client_result<reply>> resolved;
    event done;
};

// The decoded messages as values that outlive the input buffer.
server_info to_value(protocol::welcome const& said);
access_granted to_value(protocol::granted const& said);
std::vector<session_info> to_value(protocol::sessions const& said);
client_error to_value(protocol::denied const& said);
client_error to_value(protocol::closing const& said);

}  // namespace porter::detail::client
