#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "auth/foreign_function.hpp"
#include "porter/result.hpp"

namespace porter::detail::auth {

/// A hash as another program stores it.
struct foreign_hash {
    enum class kind : std::uint8_t {
        whole,  ///< `text` alone: Argon2
        parts,  ///< also `function` and `digest`
    };

    foreign_hash::kind kind = kind::parts;
    std::string text;  ///< of the hash, without a prefix that names its scheme
    foreign_function function;
    std::string digest;  ///< characters (crypt) or bytes (others)
};

/// Reads a hash as Argon2, libcrypt, Django, Mosquitto, Dovecot, LDAP servers and htpasswd write it. Errors: why it is
/// refused, as the end of a sentence, without the hash. Argon2's cost is not compared with a bound. Throws
/// std::bad_alloc.
result<foreign_hash, std::string_view> read_foreign_hash(std::string_view text);

}  // namespace porter::detail::auth
