#include "programs/porterctl/blocked_networks.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "programs/porterctl/opening.hpp"

namespace porter::programs {

namespace {

using administration::blocked_network;

constexpr std::size_t most_notes = 3;  // a flood of guesses has thousands of addresses

/// An address that stands for it on a command line.
std::string address_in(std::string const& network)
{
    return network.substr(0, network.find('/'));
}

std::string note_of(blocked_network const& one)
{
    auto const until = fmt::gmtime(std::chrono::system_clock::to_time_t(one.until));
    return fmt::format("{} is still throttled until {:%H:%M:%S} UTC; porterctl addresses enable {} lifts that",
                       one.network, until, address_in(one.network));
}

}  // namespace

void note_blocked_networks(context& given, std::vector<blocked_network> const& shut)
{
    auto const foreign = std::ranges::find(shut, false, &blocked_network::is_known);
    auto const own = static_cast<std::size_t>(foreign - shut.begin());
    auto const shown = std::min(own == 0 ? shut.size() : own, most_notes);
    for (std::size_t i = 0; i < shown; ++i) given.out.note(note_of(shut[i]));
    if (shown == shut.size()) return;
    given.out.note(fmt::format("{} throttled: porterctl addresses throttled lists all",
                               counted(shut.size() - shown, "more address")));
}

value value_of(std::vector<blocked_network> const& shut)
{
    std::vector<record> rows;
    for (auto const& one : shut) {
        rows.push_back({{{"network", one.network}, {"until_at", one.until}, {"is_known", one.is_known}}});
    }
    return rows;
}

}  // namespace porter::programs
