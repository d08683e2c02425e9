#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace porter::store {

/// The cost parameters of an Argon2id hash, which its encoded text contains.
struct hash_cost {
    std::uint32_t memory_kib = 0;  ///< KiB of memory
    std::uint32_t passes = 0;      ///< over that memory

    /// KiB filled in all passes together; the time for a hash is proportional to it.
    std::uint64_t work() const noexcept { return std::uint64_t{memory_kib} * passes; }

    friend bool operator==(hash_cost const&, hash_cost const&) = default;
};

/// The minimum of Argon2id in libsodium.
constexpr std::uint32_t least_hash_memory_kib = 8;
constexpr std::uint32_t least_hash_passes = 1;  ///< see least_hash_memory_kib

/// The maximum that a server computes, for stored hashes, too: a hash occupies its thread until it is done. The most
/// expensive one takes less than a minute on one core of 2020: 16 GiB of work at 0.4 GiB/s, page faults included.
constexpr std::uint32_t most_hash_memory_kib = 4U * 1024 * 1024;
constexpr std::uint32_t most_hash_passes = 1000;                               ///< see most_hash_memory_kib
constexpr std::uint64_t most_hash_work_kib = std::uint64_t{16} * 1024 * 1024;  ///< of work()

/// Whether a server computes hashes of this cost.
bool is_computable(hash_cost const& cost) noexcept;

/// The length of the rest of an encoded hash after its parameters: 16 bytes of salt, '$' and 32 bytes of hash in
/// base64.
constexpr std::size_t salt_and_hash_length = 22 + 1 + 43;

/// The cost in an encoded hash, computable or not; none if its parameters or its length are not those of
/// crypto_pwhash_str. The salt and the hash are not checked. The schema does the same in SQL (migrations/0004).
std::optional<hash_cost> hash_cost_of(std::string_view encoded) noexcept;

}  // namespace porter::store
