#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash_cost.hpp"

namespace porter::detail::auth {

/// How a password becomes what is stored. Slow on purpose: called on the hasher's threads, several at once, so an
/// implementation is safe from any thread. It never throws.
class hash_function {
public:
    enum class verify_result : std::uint8_t {
        match,
        mismatch,
        unreadable,  ///< what is stored is no hash of this kind, or costs too much; nothing was computed
        failed,      ///< no memory to compute it: says nothing about the password
    };

    virtual ~hash_function() = default;

    /// A hash with a salt of its own, as text to be stored; none when there was no memory.
    virtual std::optional<std::string> make(std::string_view password) noexcept = 0;

    virtual verify_result verify(std::string const& stored, std::string_view password) noexcept = 0;

    /// What a hash by `make` costs.
    virtual base::hash_cost cost() const noexcept = 0;

    /// What it costs to verify a stored hash; none: it is unreadable. Cheap, as is what follows.
    virtual std::optional<base::hash_cost> cost_of(std::string_view stored) const noexcept = 0;

    /// Text like a stored hash of this cost, with random bytes for salt and hash: no password is known to match it.
    virtual std::string dummy_hash(base::hash_cost const& cost) const noexcept = 0;

    /// Whether a stored hash was made with other parameters than `make` uses today.
    bool is_stale(std::string_view stored) const noexcept { return cost_of(stored) != cost(); }
};

}  // namespace porter::detail::auth
