#include "library/live_connections.hpp"

#include <algorithm>
#include <chrono>

#include "server/connection_query.hpp"

namespace porter::detail::library {
namespace {

using server::worker_statistics;

/// Connections are numbered in the order of their accept, so the key `connected_at` is that of the number.
server::connection_query::key key_of(control::sort_key by)
{
    using enum server::connection_query::key;
    switch (by) {
        case control::sort_key::account:
            return account;
        case control::sort_key::address:
            return address;
        case control::sort_key::phase:
            return phase;
        case control::sort_key::messages:
            return messages;
        case control::sort_key::bytes:
            return bytes;
        case control::sort_key::id:
        case control::sort_key::connected_at:
            break;
    }
    return id;
}

void add_statistics(control::server_load& load, worker_statistics const& of)
{
    load.messages_in += of.messages_in.value();
    load.messages_out += of.messages_out.value();
    load.bytes_in += of.bytes_in.value();
    load.bytes_out += of.bytes_out.value();
    for (auto const& each : of.granted) load.granted += each.value();
    for (auto const& each : of.denied) load.denied += each.value();
    load.throttled += of.denied[worker_statistics::index_of(code::throttled)].value();
}

void add_lane(control::server_load& load, store::lane_statistics const& lane)
{
    for (std::size_t index = 0; index <= metrics::histogram::bounds.size(); ++index)
        load.store_operations += lane.latency.count(index);
    load.store_ns += static_cast<std::uint64_t>(lane.latency.sum().count());
    load.store_failed += lane.failed.value();
}

/// Each network once, the one denied last first.
std::vector<std::string> throttled_networks(monitored const& parts)
{
    std::vector<std::string> networks;
    for (auto const& each : parts.throttle.recent().list(parts.clock.now())) {
        if (std::ranges::find(networks, each.network) == networks.end()) networks.push_back(each.network);
    }
    return networks;
}

control::server_load load_of(monitored const& parts)
{
    using std::chrono::milliseconds;
    control::server_load load;
    auto const uptime = std::chrono::floor<milliseconds>(std::chrono::steady_clock::now() - parts.started_at);
    load.uptime_ms = static_cast<std::uint64_t>(uptime.count());
    load.max_connections = parts.max_connections;
    load.accepted = parts.server.accepted();
    for (server::worker const* each : parts.server.all_workers()) add_statistics(load, each->statistics());
    load.hash_threads = parts.hasher.thread_count();
    load.hashes_waiting = parts.hasher.waiting_jobs();
    load.hashes_rejected = parts.hasher.statistics().rejected.value();
    if (parts.tls != nullptr) {
        load.handshakes = parts.tls->handshake_limiter().taken();
        load.hellos_waiting = parts.tls->handshake_threads().pending();
    }
    if (parts.storage != nullptr) {
        add_lane(load, parts.storage->statistics->changes);
        add_lane(load, parts.storage->statistics->lookups);
    }
    load.last_throttled = throttled_networks(parts);
    load.throttled_networks = load.last_throttled.size();
    load.last_throttled.resize(std::min(load.last_throttled.size(), control::max_last_throttled));
    return load;
}

}  // namespace

/// The workers update their statistics when they are asked, so the load is read after that.
task<control::server_sample> live_connections::sample(control::connection_order order)
{
    server::connection_query query;
    query.by = key_of(order.by);
    query.is_descending = order.is_descending;
    query.limit = order.limit;
    query.folded_name = std::move(order.folded_name);
    query.network = order.network;
    auto found = co_await server_.sample_connections(std::move(query));
    control::server_sample made;
    made.load = load_of(parts_());
    auto const count = [&found](connection_phase phase) { return found.phases.at(static_cast<std::size_t>(phase)); };
    made.load.opening = count(connection_phase::opening);
    made.load.access = count(connection_phase::access);
    made.load.exchange = count(connection_phase::exchange);
    made.load.closing = count(connection_phase::closing);
    made.selected = found.selected;
    made.rows = std::move(found.rows);
    co_return made;
}

}  // namespace porter::detail::library
