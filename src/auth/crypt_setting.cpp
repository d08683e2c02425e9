#include "auth/crypt_setting.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "auth/encoding.hpp"
#include "auth/foreign_function.hpp"

namespace porter::detail::auth {
namespace {

constexpr std::string_view alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t bcrypt_setting_length = 29;
constexpr std::size_t least_strong_bcrypt_cost = 10;
constexpr std::uint64_t least_sha_crypt_rounds = 1'000;

bool is_encoded(std::string_view text) noexcept
{
    return text.find_first_not_of(alphabet) == std::string_view::npos;
}

bool is_bcrypt(std::string_view text) noexcept
{
    return text.starts_with("$2a$") || text.starts_with("$2b$") || text.starts_with("$2y$");
}

/// Of "$2b$12$...": 12.
std::optional<std::uint64_t> bcrypt_cost(std::string_view text) noexcept
{
    auto digits = text.substr(4, 2);
    if (digits.starts_with('0')) digits.remove_prefix(1);
    return read_number(digits, 31);
}

crypt_check check_bcrypt(std::string_view text) noexcept
{
    constexpr std::size_t length = bcrypt_setting_length + 31;
    if (text.size() != length || text[6] != '$' || !is_encoded(text.substr(7))) return crypt_check::damaged;
    auto const cost = bcrypt_cost(text);
    if (!cost || *cost < 4) return crypt_check::damaged;
    return *cost <= most_bcrypt_cost ? crypt_check::fits : crypt_check::too_costly;
}

/// The salt and the digest at the end: "salt$digest".
bool ends_well(std::string_view text, std::size_t longest_salt, std::size_t digest) noexcept
{
    auto const salt = text.substr(0, text.find('$'));
    bool const has_parts = salt.size() <= longest_salt && text.size() == salt.size() + 1 + digest;
    return has_parts && is_encoded(salt) && is_encoded(text.substr(salt.size() + 1));
}

crypt_check check_sha(std::string_view text) noexcept
{
    constexpr std::string_view prefix = "rounds=";
    auto rest = text.substr(3);
    std::uint64_t rounds = 5'000;
    if (rest.starts_with(prefix)) {
        rest.remove_prefix(prefix.size());
        auto const digits = rest.substr(0, rest.find('$'));
        auto const read = read_number(digits, 999'999'999);
        if (!read || *read < least_sha_crypt_rounds || digits.size() == rest.size()) return crypt_check::damaged;
        rounds = *read;
        rest.remove_prefix(digits.size() + 1);
    }
    if (!ends_well(rest, 16, crypt_digest_length(text))) return crypt_check::damaged;
    return rounds <= most_sha_crypt_rounds ? crypt_check::fits : crypt_check::too_costly;
}

/// "$y$jNr$salt$digest", as crypt_gensalt writes it: one character each for the logarithm of N and for r.
crypt_check check_yescrypt(std::string_view text) noexcept
{
    constexpr std::size_t parameters = 7;
    if (text.size() < parameters || text[3] != 'j' || text[6] != '$') return crypt_check::damaged;
    auto const n = alphabet.find(text[4]);
    auto const r = alphabet.find(text[5]);
    if (n == std::string_view::npos || r == std::string_view::npos) return crypt_check::damaged;
    // The encoding has further characters for what is beyond 47.
    if (n > 47 || r > 47) return crypt_check::damaged;
    if (!ends_well(text.substr(parameters), 86, crypt_digest_length(text))) return crypt_check::damaged;
    auto const memory = (std::uint64_t{128} * (r + 1)) << std::min<std::size_t>(n + 1, 40);
    return memory <= most_foreign_memory ? crypt_check::fits : crypt_check::too_costly;
}

}  // namespace

crypt_check check_crypt(std::string_view text) noexcept
{
    if (is_bcrypt(text)) return check_bcrypt(text);
    if (text.starts_with("$5$") || text.starts_with("$6$")) return check_sha(text);
    if (text.starts_with("$y$")) return check_yescrypt(text);
    return crypt_check::damaged;
}

bool is_crypt_setting(std::string_view text)
{
    auto with_digest = std::string{text};
    if (!is_bcrypt(text)) with_digest += '$';
    with_digest.append(crypt_digest_length(text), '.');
    return check_crypt(with_digest) == crypt_check::fits;
}

std::size_t crypt_digest_length(std::string_view text) noexcept
{
    if (is_bcrypt(text)) return 31;
    if (text.starts_with("$5$") || text.starts_with("$y$")) return 43;
    return text.starts_with("$6$") ? 86 : 0;
}

std::string_view crypt_setting_of(std::string_view text) noexcept
{
    return text.substr(0, is_bcrypt(text) ? bcrypt_setting_length : text.rfind('$'));
}

bool is_weak_crypt(std::string_view setting) noexcept
{
    if (is_bcrypt(setting)) return bcrypt_cost(setting).value_or(0) < least_strong_bcrypt_cost;
    return !setting.starts_with("$y$");
}

}  // namespace porter::detail::auth
