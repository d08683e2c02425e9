#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Limits on how much the clients of one network make a store grow, and on how much it returns at once. A network is an
/// IPv4 address or an IPv6 /64; the site of an IPv6 network is its /48. Every backend enforces them.
namespace porter::store {

/// A site may use as much as eight networks: one customer often has all 65,536 /64s of a /48.
inline constexpr std::uint32_t networks_per_site = 8;

/// Stored addresses of an IPv6 /64; beyond it those seen longest ago are deleted. Privacy extensions give a machine a
/// new address every day, so ten machines reach this in a month.
inline constexpr std::uint32_t addresses_per_network = 256;
/// The same of an IPv6 /48.
inline constexpr std::uint32_t addresses_per_site = networks_per_site * addresses_per_network;
/// Stored addresses in all: about 500 MiB with names of 64 characters.
inline constexpr std::uint32_t most_addresses = 1'000'000;

/// The time in which the new accounts of a network are counted.
inline constexpr std::chrono::seconds registration_window = std::chrono::hours{1};

/// Names without an account whose failures are counted; beyond it the one whose last attempt is oldest is dropped. Each
/// costs a client a password check.
inline constexpr std::size_t most_unknown_names = 65'536;

/// The number of costs of stored hashes in a claimed_account, the highest ones: one more than a check of a password
/// computes, so that the caller sees when there are more.
inline constexpr std::size_t hash_costs_at_once = 5;

/// Bans of networks that a server reads; what is beyond is ignored, and logged. porterctl adds no more than this.
/// One takes about 100 bytes of a server's memory, and a list of this size a tenth of a second to read.
inline constexpr std::size_t most_bans = 100'000;

/// Invitations that are valid at once; porterctl adds no more.
inline constexpr std::size_t most_invitations = 100'000;

/// A session whose opening lies further in the future than this was opened while the clock was ahead, and is over:
/// otherwise it would outlive its lifetime. A clock that is behind by less, as on a machine that just booted, ends
/// none.
inline constexpr std::chrono::seconds clock_tolerance = std::chrono::hours{24};

}  // namespace porter::store
