#include "auth/foreign_hash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>
#include <vector>

#include "auth/argon2_text.hpp"
#include "auth/crypt_setting.hpp"
#include "auth/encoding.hpp"
#include "base/text.hpp"

namespace porter::detail::auth {
namespace {

using enum foreign_algorithm;
using read_result = result<foreign_hash, std::string_view>;

constexpr std::string_view damaged = "the hash is damaged";
constexpr std::string_view unknown = "the hash is of a kind that cannot be imported";
constexpr std::string_view too_costly = "the hash costs more memory or time than porterd computes for an imported one";
constexpr std::string_view too_old = "the hash is of MD5 or DES, which is not imported";
constexpr std::string_view no_hash = "the password itself is there, and not a hash of it";

constexpr std::size_t most_salt = 256;  // bytes

struct scheme {
    std::string_view name;
    foreign_algorithm algorithm;
    bool is_salted;
};

/// {NAME} in any case, and the base64 text of the digest, with the salt after it if there is one.
constexpr std::array<scheme, 7> schemes{{{"sha", sha1, false},
                                         {"sha1", sha1, false},
                                         {"sha256", sha256, false},
                                         {"sha512", sha512, false},
                                         {"ssha", sha1, true},
                                         {"ssha256", sha256, true},
                                         {"ssha512", sha512, true}}};

/// {NAME} and a hash that says itself what it is.
constexpr std::array<std::string_view, 6> wrappers{"crypt",        "blf-crypt", "sha256-crypt",
                                                   "sha512-crypt", "argon2i",   "argon2id"};

constexpr std::array<std::string_view, 3> plain_schemes{"plain", "clear", "cleartext"};

read_result made_by(foreign_function function, std::optional<std::string> digest, std::string_view text)
{
    if (!digest || digest->size() != digest_length(function) || function.salt.size() > most_salt)
        return unexpected(damaged);
    foreign_hash read;
    read.text = text;
    read.function = std::move(function);
    read.digest = std::move(*digest);
    return read;
}

read_result read_crypt(std::string_view text)
{
    auto const checked = check_crypt(text);
    if (checked == crypt_check::damaged) return unexpected(damaged);
    if (checked == crypt_check::too_costly) return unexpected(too_costly);
    foreign_function function;
    function.algorithm = crypt;
    function.salt = crypt_setting_of(text);
    return made_by(std::move(function), std::string{text.substr(text.size() - crypt_digest_length(text))}, text);
}

read_result read_pbkdf2(foreign_algorithm algorithm, std::string_view rounds, std::optional<std::string> salt,
                        std::optional<std::string> digest)
{
    auto const number = read_number(rounds, UINT32_MAX);
    if (!number || *number == 0 || !salt || salt->empty()) return unexpected(damaged);
    if (*number > most_pbkdf2_rounds) return unexpected(too_costly);
    foreign_function function;
    function.algorithm = algorithm;
    function.rounds = *number;
    function.salt = std::move(*salt);
    return made_by(std::move(function), std::move(digest), {});
}

/// Of Django: scrypt$N$salt$r$p$digest.
read_result read_scrypt(std::string_view text)
{
    auto const parts = split(text, '$');
    if (parts.size() != 6) return unexpected(damaged);
    auto const n = read_number(parts[1], UINT32_MAX);
    auto const r = read_number(parts[3], UINT32_MAX);
    auto const p = read_number(parts[4], UINT32_MAX);
    if (!n || !r || !p || *n < 2 || *r == 0 || *p == 0 || !std::has_single_bit(*n)) return unexpected(damaged);
    // Each factor first, so that no product overflows.
    bool const is_bounded = *n <= most_foreign_memory && *r <= 1'024 && *p <= 1'024;
    if (!is_bounded || 128 * *n * *r > most_foreign_memory || 128 * *n * *r * *p > most_scrypt_work)
        return unexpected(too_costly);
    foreign_function function;
    function.algorithm = scrypt;
    function.salt = parts[2];
    function.rounds = *n;
    function.r = static_cast<std::uint32_t>(*r);
    function.p = static_cast<std::uint32_t>(*p);
    return made_by(std::move(function), decode_base64(parts[5]), text);
}

/// Of Mosquitto: $7$iterations$salt$digest, where libcrypt has scrypt, and $6$salt$digest of SHA-512.
std::optional<read_result> read_mosquitto(std::string_view text)
{
    auto const parts = split(text, '$');
    if (text.starts_with("$7$") && parts.size() == 5)
        return read_pbkdf2(pbkdf2_sha512, parts[2], decode_base64(parts[3]), decode_base64(parts[4]));
    // sha512-crypt writes 86 characters without padding.
    bool const is_sha512 = text.starts_with("$6$") && parts.size() == 4 && parts[3].ends_with("==");
    if (!is_sha512) return std::nullopt;
    auto salt = decode_base64(parts[2]);
    if (!salt) return read_result{unexpected(damaged)};
    foreign_function function;
    function.algorithm = sha512;
    function.salt = std::move(*salt);
    return made_by(std::move(function), decode_base64(parts[3]), {});
}

read_result read_argon2(std::string_view text)
{
    if (!argon2_cost_of(text)) return unexpected(damaged);
    foreign_hash read;
    read.kind = foreign_hash::kind::whole;
    read.text = text;
    return read;
}

/// What begins with a dollar sign.
read_result read_modular(std::string_view text)
{
    if (text.starts_with("$argon2")) return read_argon2(text);
    if (text.starts_with("$1$") || text.starts_with("$apr1$")) return unexpected(too_old);
    if (auto read = read_mosquitto(text)) return std::move(*read);
    if (crypt_digest_length(text) == 0) return unexpected(unknown);
    return read_crypt(text);
}

/// {PBKDF2}$1$salt$iterations$digest, of Dovecot.
read_result read_dovecot_pbkdf2(std::string_view text)
{
    auto const parts = split(text, '$');
    if (parts.size() != 5 || !parts[0].empty() || parts[1] != "1") return unexpected(damaged);
    return read_pbkdf2(pbkdf2_sha1, parts[3], std::string{parts[2]}, decode_hex(parts[4]));
}

read_result read_salted(scheme const& known, std::string_view text)
{
    auto bytes = decode_base64(text);
    foreign_function function;
    function.algorithm = known.algorithm;
    auto const length = digest_length(function);
    bool const has_salt = bytes && bytes->size() > length;
    if (!bytes || bytes->size() < length || has_salt != known.is_salted) return unexpected(damaged);
    function.salt = bytes->substr(length);
    bytes->resize(length);
    return made_by(std::move(function), std::move(bytes), {});
}

/// What begins with a scheme in braces.
read_result read_schemed(std::string_view text)
{
    auto const end = text.find('}');
    if (end == std::string_view::npos) return unexpected(damaged);
    auto const name = base::lower(std::string{text.substr(1, end - 1)});
    auto const rest = text.substr(end + 1);
    if (name == "pbkdf2") return read_dovecot_pbkdf2(rest);
    auto const known = std::ranges::find(schemes, name, &scheme::name);
    if (known != schemes.end()) return read_salted(*known, rest);
    if (std::ranges::find(plain_schemes, name) != plain_schemes.end()) return unexpected(no_hash);
    if (std::ranges::find(wrappers, name) == wrappers.end()) return unexpected(unknown);
    if (!rest.starts_with('$')) return unexpected(name == "crypt" ? too_old : damaged);
    return read_modular(rest);
}

/// Of Django: the name of an algorithm, and a dollar sign.
read_result read_django(std::string_view text)
{
    auto const parts = split(text, '$');
    bool const is_sha1 = parts[0] == "pbkdf2_sha1";
    if (is_sha1 || parts[0] == "pbkdf2_sha256") {
        if (parts.size() != 4) return unexpected(damaged);
        auto const algorithm = is_sha1 ? pbkdf2_sha1 : pbkdf2_sha256;
        return read_pbkdf2(algorithm, parts[1], std::string{parts[2]}, decode_base64(parts[3]));
    }
    if (parts[0] == "scrypt") return read_scrypt(text);
    if (text.starts_with("argon2$argon2")) return read_argon2(text.substr(6));
    if (text.starts_with("bcrypt$$2")) return read_modular(text.substr(7));
    return unexpected(unknown);
}

}  // namespace

read_result read_foreign_hash(std::string_view text)
{
    if (text.empty()) return unexpected(std::string_view{"the hash is missing"});
    if (text.starts_with('$')) return read_modular(text);
    if (text.starts_with('{')) return read_schemed(text);
    return read_django(text);
}

}  // namespace porter::detail::auth
