#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "bench/channel.hpp"
#include "bench/entry.hpp"
#include "bench/exchange.hpp"
#include "bench/schedule.hpp"

namespace porter::rooms::bench {

/// One connection of the load, from connecting to leaving.
struct visitor {
    visitor(channel made, wish asked, std::uint64_t number, moment now)
        : through(std::move(made)), way_in(std::in_place, std::move(asked)), talk(number), began(now), heard(now)
    {}

    bool is_in() const noexcept { return !way_in; }

    /// Whether the server owes it something.
    bool waits() const noexcept { return way_in || talk.unanswered() > 0; }

    channel through;
    std::optional<entry> way_in;  ///< none: it is in
    exchange talk;
    moment began;                   ///< of the visit, as planned
    moment heard;                   ///< when the server last said something that was waited for
    std::vector<moment> sent_at{};  ///< a ring: when each message under way became due; unused in the open loop
};

}  // namespace porter::rooms::bench
