#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// How far a store lets the peers of one network make it grow, and how much it answers at once. A network is an IPv4
/// address or an IPv6 /64; the site of an IPv6 network is its /48. Every backend keeps them.
namespace porter::detail::store {

/// A site has as much as eight networks: one customer often has all 65,536 /64s of a /48.
inline constexpr std::uint32_t networks_per_site = 8;

/// Addresses that are remembered of an IPv6 /64; the ones seen longest ago are forgotten first. Privacy extensions give
/// a machine a new address every day, so a household of ten comes this far in a month.
inline constexpr std::uint32_t addresses_per_network = 256;
inline constexpr std::uint32_t addresses_per_site = networks_per_site * addresses_per_network;
/// Addresses that are remembered in all: with names of 64 characters some 500 MiB.
inline constexpr std::uint32_t most_addresses = 1'000'000;

/// In which the accounts that a network may make are counted.
inline constexpr std::chrono::seconds registration_window = std::chrono::hours{1};

/// The costs of stored hashes that come with a claimed account, the dearest: more than a check of a password computes,
/// so that it can be seen that there are more.
inline constexpr std::size_t hash_costs_at_once = 5;

/// A session that was opened later than this from now was opened while the clock was ahead, and is over: it would live
/// until then and its life longer. A clock that is behind by less (a machine without one that starts) ends nothing.
inline constexpr std::chrono::seconds clock_tolerance = std::chrono::hours{24};

}  // namespace porter::detail::store
