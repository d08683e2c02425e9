#include "server/ban_set.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "store/limits.hpp"

namespace porter::detail::server {
namespace {

bool is_in_force(banned_network const& ban, base::timestamp now)
{
    return !ban.expires_at || now < *ban.expires_at;
}

bool is_in_force(banned_network const& ban, base::clock const& clock)
{
    return !ban.expires_at || is_in_force(ban, clock.now());
}

asio::ip::address const& first_of(banned_network const& ban)
{
    return ban.network.first();
}

/// Of two rows of the same network the one that tells the client comes first.
bool precedes(banned_network const& a, banned_network const& b)
{
    if (a.network.first() != b.network.first()) return a.network.first() < b.network.first();
    return !a.is_silent && b.is_silent;
}

}  // namespace

ban_set::ban_set(std::span<store::ban const> bans)
{
    for (auto const& each : bans) {
        auto const network = base::network::parse_enclosing(each.network);
        if (!network || size_ >= store::most_bans) {
            ++skipped_;
            continue;
        }
        add(network->first().is_v4() ? v4_ : v6_, {*network, each.expires_at, each.is_silent});
        ++size_;
    }
    for (auto* each : {&v4_, &v6_}) {
        std::ranges::sort(*each, std::greater{}, &length::prefix);
        for (auto& one : *each) std::ranges::sort(one.networks, precedes);
    }
}

void ban_set::add(family& to, banned_network network)
{
    auto const prefix = network.network.prefix();
    auto found = std::ranges::find(to, prefix, &length::prefix);
    if (found == to.end()) found = to.insert(to.end(), length{prefix, {}});
    found->networks.push_back(std::move(network));
}

banned_network const* ban_set::find(asio::ip::address const& from, base::clock const& clock) const
{
    for (auto const& each : from.is_v4() ? v4_ : v6_) {
        base::network const wanted{from, each.prefix};
        auto const same = std::ranges::equal_range(each.networks, wanted.first(), std::less{}, first_of);
        for (auto const& ban : same) {  // two rows that were written by hand may be the same network
            if (is_in_force(ban, clock)) return &ban;
        }
    }
    return nullptr;
}

std::vector<banned_network> ban_set::list(std::size_t limit, base::timestamp now) const
{
    std::vector<banned_network> found;
    for (auto const* version : {&v4_, &v6_}) {
        for (auto const& each : *version) {
            for (auto const& ban : each.networks) {
                if (found.size() == limit) return found;
                if (is_in_force(ban, now)) found.push_back(ban);
            }
        }
    }
    return found;
}

void log_ban_rejected(log::logger& log, identity::address const& from, banned_network const& ban)
{
    log.with(from).info("ban_rejected",
                        {{"network", ban.network.text()}, {"client_is", ban.is_silent ? "not_told" : "told"}});
}

}  // namespace porter::detail::server
