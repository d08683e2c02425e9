#pragma once

#include <cstdint>
#include <span>

#include "base/secret.hpp"

namespace porter::detail::auth {

/// A Bloom filter of common passwords: public lists, dictionaries and keyboard walks, made by
/// tools/passwords/make_filter.py. Its false positive rate is 1 in 100,000. Safe from any thread.
class common_passwords {
public:
    /// The built-in filter, which lives as long as the program.
    static common_passwords const& built_in();

    /// A filter in the format that make_filter.py describes. `file` outlives this object. Throws std::invalid_argument
    /// when the format is wrong.
    explicit common_passwords(std::span<unsigned char const> file);

    /// Whether a password is common as typed, on the other keyboard layout (ЙЦУКЕН, QWERTY), or with Cyrillic
    /// transliterated by any scheme. `password` is normalised; case is ignored.
    bool contain(base::secret const& password) const;

private:
    bool has(base::secret const& item) const noexcept;

    std::span<unsigned char const> bits_;
    std::uint64_t bit_count_ = 0;
    std::uint32_t probes_ = 0;  // bits that each item sets
};

}  // namespace porter::detail::auth
