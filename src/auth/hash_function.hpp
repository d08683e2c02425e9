#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace porter::rooms::auth {

/// How a password becomes what is stored. Slow on purpose: called on the hasher's threads, several at once, so an
/// implementation is safe from any thread. It never throws.
class hash_function {
public:
    enum class verdict : std::uint8_t {
        match,
        mismatch,
        unreadable,  ///< what is stored is no hash of this kind, or costs too much; nothing was computed
        failed,      ///< no memory to compute it: says nothing about the password
    };

    virtual ~hash_function() = default;

    /// A hash with a salt of its own, as text to be stored; none when there was no memory.
    virtual std::optional<std::string> make(std::string_view password) noexcept = 0;

    virtual verdict verify(std::string const& stored, std::string_view password) noexcept = 0;

    /// Whether a stored hash was made with other parameters than `make` uses today. Cheap.
    virtual bool is_stale(std::string const& stored) const noexcept = 0;
};

}  // namespace porter::rooms::auth
