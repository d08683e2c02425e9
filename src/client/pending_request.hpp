#pragma once

#include <optional>

#include "base/condition_variable.hpp"
#include "client/reply.hpp"

namespace porter::detail::client {

/// A request without a reply so far: shared by the coroutine that waits and the connection that reads the reply.
struct pending_request {
    pending_request(io_executor executor, reply_kind expected_, base::condition_variable::time_point deadline)
        : expected(expected_), done(executor, deadline)
    {}

    void resolve(client_result<reply> with)
    {
        result = std::move(with);
        done.notify();
    }

    reply_kind expected;
    bool is_abandoned = false;  // no coroutine waits: the reply will be skipped
    std::optional<client_result<reply>> result;
    base::condition_variable done;
};

}  // namespace porter::detail::client
