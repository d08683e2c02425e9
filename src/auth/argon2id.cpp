#include "auth/argon2id.hpp"

#include <sodium/core.h>
#include <sodium/crypto_pwhash.h>
#include <sodium/utils.h>

#include <array>
#include <charconv>

#include "porter/start_error.hpp"

namespace porter::rooms::auth {
namespace {

/// libsodium's functions may not be given a null pointer, not even for an empty password.
char const* data_of(std::string_view password) noexcept
{
    return password.empty() ? "" : password.data();
}

/// A stored hash taken apart: what crypto_pwhash_str writes, and nothing else.
struct encoded {
    std::uint32_t memory_kib = 0;
    std::uint32_t passes = 0;
    std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
    std::array<unsigned char, 32> hash{};

    std::size_t memory() const noexcept { return std::size_t{memory_kib} * 1024; }
};

bool skip(std::string_view& text, std::string_view expected) noexcept
{
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

bool read(std::string_view& text, std::uint32_t& number) noexcept
{
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

template <std::size_t Size>
bool read(std::string_view& text, std::array<unsigned char, Size>& bytes) noexcept
{
    constexpr int spelling = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    std::size_t const spelled = sodium_base64_ENCODED_LEN(Size, spelling) - 1;
    if (text.size() < spelled) return false;
    int const failed = sodium_base642bin(bytes.data(), Size, text.data(), spelled, nullptr, nullptr, nullptr, spelling);
    text.remove_prefix(spelled);
    return failed == 0;
}

std::optional<encoded> decode(std::string_view text) noexcept
{
    encoded made;
    bool const whole = skip(text, "$argon2id$v=19$m=") && read(text, made.memory_kib) && skip(text, ",t=") &&
                       read(text, made.passes) && skip(text, ",p=1$") && read(text, made.salt) && skip(text, "$") &&
                       read(text, made.hash) && text.empty();
    bool const fits = made.memory() >= crypto_pwhash_MEMLIMIT_MIN && made.passes >= crypto_pwhash_OPSLIMIT_MIN;
    if (!whole || !fits) return std::nullopt;
    return made;
}

}  // namespace

argon2id::argon2id(std::size_t memory, std::uint32_t passes) : memory_(memory), passes_(passes)
{
    if (sodium_init() < 0) throw start_error(start_error::kind::configuration, "cannot initialise libsodium");
    bool const memory_fits = memory >= crypto_pwhash_MEMLIMIT_MIN && memory <= crypto_pwhash_MEMLIMIT_MAX;
    bool const passes_fit = passes >= crypto_pwhash_OPSLIMIT_MIN;
    if (!memory_fits || !passes_fit)
        throw start_error(start_error::kind::configuration, "Argon2id does not do this amount of memory or passes");
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
    int const failed = crypto_pwhash(computed.data(), computed.size(), data_of(password), password.size(),
                                     known->salt.data(), known->passes, known->memory(), crypto_pwhash_ALG_ARGON2ID13);
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
    return crypto_pwhash_str_needs_rehash(stored.c_str(), passes_, memory_) != 0;
}

}  // namespace porter::rooms::auth
