#pragma once

#include <cstdint>
#include <span>

#include "base/secret.hpp"

namespace porter::detail::auth {

/// A Bloom filter of common passwords: public lists, dictionaries and walks over the keyboard, as
/// tools/passwords/make_filter.py puts them together. It knows each of them, and takes 1 of 100,000 other texts for
/// one. Safe from any thread.
class common_passwords {
public:
    /// The filter that is built in. It lives as long as the program.
    static common_passwords const& built_in();

    /// A filter in the form that make_filter.py describes. `file` outlives this object. Throws std::invalid_argument
    /// when it is none.
    explicit common_passwords(std::span<unsigned char const> file);

    /// Whether a password is common as it is typed, on the other keyboard (ЙЦУКЕН, QWERTY), or with its Cyrillic
    /// written in Latin letters, by whatever scheme. `password` is normalised; upper and lower case are one.
    bool contain(base::secret const& password) const;

private:
    bool has(base::secret const& item) const noexcept;

    std::span<unsigned char const> bits_;
    std::uint64_t bit_count_ = 0;
    std::uint32_t probes_ = 0;  // bits that each item sets
};

}  // namespace porter::detail::auth
