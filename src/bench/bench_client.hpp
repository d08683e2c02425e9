#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "bench/channel.hpp"
#include "bench/exchange.hpp"
#include "bench/login.hpp"
#include "bench/schedule.hpp"

namespace porter::detail::bench {

/// One connection of the load, from connecting to leaving.
struct bench_client {
    bench_client(channel made, access_request asked, std::uint64_t number, moment now)
        : connection(std::move(made)),
          login(std::in_place, std::move(asked)),
          exchange(number),
          started_at(now),
          last_received_at(now)
    {}

    bool is_granted() const noexcept { return !login; }

    /// Whether the server owes it something.
    bool waits() const noexcept { return login || exchange.unanswered() > 0; }

    channel connection;
    std::optional<bench::login> login;  ///< none: it is in
    bench::exchange exchange;
    moment started_at;              ///< of the visit, as planned
    moment last_received_at;        ///< when the server last said something that was waited for
    std::vector<moment> sent_at{};  ///< a ring: when each message under way became due; unused in the open loop
};

}  // namespace porter::detail::bench
