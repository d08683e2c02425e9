#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "bench/channel.hpp"
#include "bench/exchange.hpp"
#include "bench/login.hpp"
#include "bench/schedule.hpp"

namespace porter::detail::bench {

/// A connection of the load.
struct bench_client {
    bench_client(channel connection_, access_request request, std::uint64_t number, moment now)
        : connection(std::move(connection_)),
          login(std::in_place, std::move(request)),
          exchange(number),
          started_at(now),
          last_received_at(now)
    {}

    bool is_granted() const noexcept { return !login; }

    /// Whether it waits for the server.
    bool is_waiting() const noexcept { return login || exchange.unanswered() > 0; }

    channel connection;
    std::optional<bench::login> login;  ///< none: access is granted
    bench::exchange exchange;
    moment started_at;              ///< as scheduled
    moment last_received_at;        ///< the last reply, or the start of the current wait
    std::vector<moment> sent_at{};  ///< a ring of the unanswered messages' start times; closed loop only
};

}  // namespace porter::detail::bench
