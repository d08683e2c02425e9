#include "auth/argon2id.hpp"

#include <sodium/core.h>
#include <sodium/crypto_pwhash.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include "base/hash_cost.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::auth {
namespace {

/// libsodium's functions take no null pointer, not even for an empty password.
char const* data_of(std::string_view password) noexcept
{
    return password.empty() ? "" : password.data();
}

std::size_t bytes_of_memory(base::hash_cost const& cost) noexcept
{
    return std::size_t{cost.memory_kib} * 1024;
}

constexpr int base64 = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;

template <std::size_t Size>
constexpr std::size_t base64_length = sodium_base64_ENCODED_LEN(Size, base64) - 1;

/// The parts of a stored hash in the form of crypto_pwhash_str.
struct parts {
    base::hash_cost cost;
    std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
    std::array<unsigned char, 32> hash{};
};

/// The base64 text of some bytes.
template <std::size_t Size>
class base64_text {
public:
    explicit base64_text(std::array<unsigned char, Size> const& bytes) noexcept
    {
        sodium_bin2base64(text_.data(), text_.size(), bytes.data(), Size, base64);
    }

    std::string_view view() const noexcept { return {text_.data(), base64_length<Size>}; }

private:
    std::array<char, base64_length<Size> + 1> text_{};
};

std::string encode(parts const& value)
{
    auto text = "$argon2id$v=19$m=" + std::to_string(value.cost.memory_kib) +
                ",t=" + std::to_string(value.cost.passes) + ",p=1$";
    text += base64_text{value.salt}.view();
    text += '$';
    text += base64_text{value.hash}.view();
    return text;
}

/// Strict: libsodium 1.0.18 accepts bytes beyond ASCII as letters, so the result must encode to the same text.
template <std::size_t Size>
bool read_base64(std::string_view text, std::array<unsigned char, Size>& bytes) noexcept
{
    constexpr std::size_t length = base64_length<Size>;
    if (sodium_base642bin(bytes.data(), Size, text.data(), length, nullptr, nullptr, nullptr, base64) != 0)
        return false;
    return base64_text{bytes}.view() == text.substr(0, length);
}

std::optional<parts> decode(std::string_view text) noexcept
{
    parts value;
    static_assert(base64_length<value.salt.size()> + 1 + base64_length<value.hash.size()> ==
                  base::salt_and_hash_length);
    auto const cost = base::hash_cost_of(text);
    if (!cost || !base::is_computable(*cost)) return std::nullopt;
    value.cost = *cost;
    auto rest = text.substr(text.size() - base::salt_and_hash_length);
    if (!read_base64(rest, value.salt)) return std::nullopt;
    rest.remove_prefix(base64_length<value.salt.size()>);
    if (!rest.starts_with('$')) return std::nullopt;
    rest.remove_prefix(1);
    if (!read_base64(rest, value.hash)) return std::nullopt;
    return value;
}

}  // namespace

argon2id::argon2id(std::size_t memory, std::uint32_t passes)
{
    if (sodium_init() < 0) throw start_error(start_errc::configuration, "cannot initialise libsodium");
    auto const memory_kib = std::min<std::size_t>(memory / 1024, std::numeric_limits<std::uint32_t>::max());
    cost_ = {static_cast<std::uint32_t>(memory_kib), passes};
    if (!base::is_computable(cost_))
        throw start_error(start_errc::configuration,
                          "Porter does not compute Argon2id with this amount of memory or passes");
}

std::optional<std::string> argon2id::make(std::string_view password) noexcept
{
    std::array<char, crypto_pwhash_STRBYTES> text{};
    int const failed =
        crypto_pwhash_str(text.data(), data_of(password), password.size(), cost_.passes, bytes_of_memory(cost_));
    if (failed != 0) return std::nullopt;
    try {
        return std::string{text.data()};
    } catch (std::bad_alloc const&) {
        return std::nullopt;
    }
}

hash_function::verify_result argon2id::verify(std::string const& stored, std::string_view password) noexcept
{
    // Not crypto_pwhash_str_verify: it does not tell a wrong password from a lack of memory.
    auto const known = decode(stored);
    if (!known) return verify_result::unreadable;
    auto computed = known->hash;
    int const failed =
        crypto_pwhash(computed.data(), computed.size(), data_of(password), password.size(), known->salt.data(),
                      known->cost.passes, bytes_of_memory(known->cost), crypto_pwhash_ALG_ARGON2ID13);
    if (failed != 0) return verify_result::failed;
    bool const same = sodium_memcmp(computed.data(), known->hash.data(), computed.size()) == 0;
    sodium_memzero(computed.data(), computed.size());
    return same ? verify_result::match : verify_result::mismatch;
}

bool argon2id::is_readable(std::string_view stored) noexcept
{
    return decode(stored).has_value();
}

std::optional<base::hash_cost> argon2id::cost_of(std::string_view stored) const noexcept
{
    auto const known = decode(stored);
    if (!known) return std::nullopt;
    return known->cost;
}

std::string argon2id::dummy_hash(base::hash_cost const& cost) const
{
    parts value;
    value.cost = cost;
    randombytes_buf(value.salt.data(), value.salt.size());
    randombytes_buf(value.hash.data(), value.hash.size());
    return encode(value);
}

}  // namespace porter::detail::auth
