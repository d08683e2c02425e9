#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash_cost.hpp"

namespace porter::detail::auth {

/// A password hash. Slow on purpose: called on the hasher's threads, several at once, so an implementation is safe from
/// any thread.
class hash_function {
public:
    enum class verify_result : std::uint8_t {
        match,
        mismatch,
        unreadable,  ///< the stored text is not a hash of this kind, or costs too much; nothing was computed
        failed,      ///< no memory to compute it: the password may match or not
    };

    virtual ~hash_function() = default;

    /// A hash with a random salt, as text to store; none when there is no memory.
    virtual std::optional<std::string> make(std::string_view password) noexcept = 0;

    virtual verify_result verify(std::string const& stored, std::string_view password) noexcept = 0;

    /// The cost of make().
    virtual base::hash_cost cost() const noexcept = 0;

    /// The cost of verifying a stored hash; none: it is unreadable, or of another function. Fast, like the functions
    /// below.
    virtual std::optional<base::hash_cost> cost_of(std::string_view stored) const noexcept = 0;

    /// Text like a stored hash of this cost, with random bytes as salt and hash: no known password matches it. Throws
    /// std::bad_alloc.
    virtual std::string dummy_hash(base::hash_cost const& cost) const = 0;

    /// Whether a stored hash has other parameters than make() uses, or is of another function.
    virtual bool is_stale(std::string_view stored) const noexcept { return cost_of(stored) != cost(); }
};

}  // namespace porter::detail::auth
