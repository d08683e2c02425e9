#include "auth/argon2id.hpp"

#include <sodium/core.h>
#include <sodium/crypto_pwhash.h>
#include <sodium/utils.h>

#include <array>

#include "base/hash_cost.hpp"
#include "porter/start_error.hpp"

namespace porter::rooms::auth {
namespace {

/// libsodium's functions may not be given a null pointer, not even for an empty password.
char const* data_of(std::string_view password) noexcept
{
    return password.empty() ? "" : password.data();
}

constexpr int base64 = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;

template <std::size_t Size>
constexpr std::size_t base64_length = sodium_base64_ENCODED_LEN(Size, base64) - 1;

/// A stored hash taken apart: what crypto_pwhash_str writes, and nothing else.
struct parts {
    base::hash_cost cost;
    std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
    std::array<unsigned char, 32> hash{};

    std::size_t memory() const noexcept { return std::size_t{cost.memory_kib} * 1024; }
};

/// Strict: libsodium 1.0.18 reads bytes beyond ASCII as letters, so what was read has to be spelled as it is here.
template <std::size_t Size>
bool read_base64(std::string_view text, std::array<unsigned char, Size>& bytes) noexcept
{
    constexpr std::size_t length = base64_length<Size>;
    std::array<char, length + 1> spelled{};
    if (sodium_base642bin(bytes.data(), Size, text.data(), length, nullptr, nullptr, nullptr, base64) != 0)
        return false;
    sodium_bin2base64(spelled.data(), spelled.size(), bytes.data(), Size, base64);
    return std::string_view{spelled.data(), length} == text.substr(0, length);
}

std::optional<parts> decode(std::string_view text) noexcept
{
    parts made;
    static_assert(base64_length<made.salt.size()> + 1 + base64_length<made.hash.size()> == base::salt_and_hash_length);
    auto const cost = base::hash_cost_of(text);
    if (!cost || !base::is_computable(*cost)) return std::nullopt;
    made.cost = *cost;
    auto rest = text.substr(text.size() - base::salt_and_hash_length);
    if (!read_base64(rest, made.salt)) return std::nullopt;
    rest.remove_prefix(base64_length<made.salt.size()>);
    if (!rest.starts_with('$')) return std::nullopt;
    rest.remove_prefix(1);
    if (!read_base64(rest, made.hash)) return std::nullopt;
    return made;
}

}  // namespace

argon2id::argon2id(std::size_t memory, std::uint32_t passes) : memory_(memory), passes_(passes)
{
    if (sodium_init() < 0) throw start_error(start_error::kind::configuration, "cannot initialise libsodium");
    bool const memory_fits = memory / 1024 <= base::most_hash_memory_kib;
    if (!memory_fits || !base::is_computable({static_cast<std::uint32_t>(memory / 1024), passes}))
        throw start_error(start_error::kind::configuration,
                          "Porter does not compute Argon2id with this amount of memory or passes");
}

std::optional<std::string> argon2id::make(std::string_view password) noexcept
{
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (crypto_pwhash_str(text.data(), data_of(password), password.size(), passes_, memory_) != 0) return std::nullopt;
    return std::string{text.data()};
}

hash_function::verdict argon2id::verify(std::string const& stored, std::string_view password) noexcept
{
    // Not crypto_pwhash_str_verify: its answer is "wrong password" when there was no memory for the hash, too.
    auto const known = decode(stored);
    if (!known) return verdict::unreadable;
    auto computed = known->hash;
    int const failed =
        crypto_pwhash(computed.data(), computed.size(), data_of(password), password.size(), known->salt.data(),
                      known->cost.passes, known->memory(), crypto_pwhash_ALG_ARGON2ID13);
    if (failed != 0) return verdict::failed;
    bool const same = sodium_memcmp(computed.data(), known->hash.data(), computed.size()) == 0;
    sodium_memzero(computed.data(), computed.size());
    return same ? verdict::match : verdict::mismatch;
}

bool argon2id::is_readable(std::string_view stored) noexcept
{
    return decode(stored).has_value();
}

bool argon2id::is_stale(std::string const& stored) const noexcept
{
    auto const known = decode(stored);
    return !known || known->cost != base::hash_cost{static_cast<std::uint32_t>(memory_ / 1024), passes_};
}

}  // namespace porter::rooms::auth
