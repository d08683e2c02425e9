#include "auth/foreign_function.hpp"

#include <crypt.h>
#include <openssl/evp.h>
#include <sodium/utils.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "auth/crypt_setting.hpp"
#include "auth/encoding.hpp"

namespace porter::detail::auth {
namespace {

using enum foreign_algorithm;

struct algorithm_name {
    foreign_algorithm algorithm;
    std::string_view name;
};

constexpr std::array<algorithm_name, 8> names{{{sha1, "sha1"},
                                               {sha256, "sha256"},
                                               {sha512, "sha512"},
                                               {pbkdf2_sha1, "pbkdf2-sha1"},
                                               {pbkdf2_sha256, "pbkdf2-sha256"},
                                               {pbkdf2_sha512, "pbkdf2-sha512"},
                                               {scrypt, "scrypt"},
                                               {crypt, "crypt"}}};

EVP_MD const* digest_of(foreign_algorithm algorithm) noexcept
{
    switch (algorithm) {
        case sha1:
        case pbkdf2_sha1:
            return EVP_sha1();
        case sha256:
        case pbkdf2_sha256:
            return EVP_sha256();
        default:
            return EVP_sha512();
    }
}

bool is_pbkdf2(foreign_algorithm algorithm) noexcept
{
    return algorithm == pbkdf2_sha1 || algorithm == pbkdf2_sha256 || algorithm == pbkdf2_sha512;
}

unsigned char* bytes_of(std::string& text) noexcept
{
    return reinterpret_cast<unsigned char*>(text.data());
}

unsigned char const* bytes_of(std::string_view text) noexcept
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

struct wiping_delete {
    void operator()(::crypt_data* data) const noexcept
    {
        sodium_memzero(data, sizeof *data);
        delete data;
    }
};

std::optional<std::string> compute_crypt(foreign_function const& function, std::string_view password)
{
    // libcrypt reads up to a NUL, so it would take "secret\0more" for "secret".
    if (password.find('\0') != std::string_view::npos) return std::string{};
    std::unique_ptr<::crypt_data, wiping_delete> const data{new ::crypt_data{}};
    std::string phrase{password};
    errno = 0;
    auto const* const made =
        ::crypt_rn(phrase.c_str(), function.salt.c_str(), data.get(), static_cast<int>(sizeof *data));
    bool const is_without_memory = made == nullptr && errno == ENOMEM;
    sodium_memzero(phrase.data(), phrase.size());
    if (is_without_memory) return std::nullopt;
    if (made == nullptr) return std::string{};
    std::string_view const whole{made};
    auto const length = digest_length(function);
    // Without the setting: libcrypt writes that of bcrypt in its canonical form.
    return std::string{whole.substr(whole.size() - std::min(length, whole.size()))};
}

std::optional<std::string> compute_digest(foreign_function const& function, std::string_view password)
{
    std::string made(digest_length(function), '\0');
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const state{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    bool const is_made = state && EVP_DigestInit_ex(state.get(), digest_of(function.algorithm), nullptr) == 1 &&
                         EVP_DigestUpdate(state.get(), password.data(), password.size()) == 1 &&
                         EVP_DigestUpdate(state.get(), function.salt.data(), function.salt.size()) == 1 &&
                         EVP_DigestFinal_ex(state.get(), bytes_of(made), nullptr) == 1;
    if (!is_made) return std::nullopt;
    return made;
}

std::optional<std::string> compute_pbkdf2(foreign_function const& function, std::string_view password)
{
    std::string made(digest_length(function), '\0');
    auto const* const phrase = password.empty() ? "" : password.data();
    int const is_made =
        PKCS5_PBKDF2_HMAC(phrase, static_cast<int>(password.size()), bytes_of(std::string_view{function.salt}),
                          static_cast<int>(function.salt.size()), static_cast<int>(function.rounds),
                          digest_of(function.algorithm), static_cast<int>(made.size()), bytes_of(made));
    if (is_made != 1) return std::nullopt;
    return made;
}

std::optional<std::string> compute_scrypt(foreign_function const& function, std::string_view password)
{
    constexpr std::uint64_t beside = std::uint64_t{1} << 20;  // what OpenSSL counts beside the large block
    std::string made(digest_length(function), '\0');
    auto const* const phrase = password.empty() ? "" : password.data();
    auto const most = most_foreign_memory + std::uint64_t{128} * function.r * function.p + beside;
    int const is_made =
        EVP_PBE_scrypt(phrase, password.size(), bytes_of(std::string_view{function.salt}), function.salt.size(),
                       function.rounds, function.r, function.p, most, bytes_of(made), made.size());
    if (is_made != 1) return std::nullopt;
    return made;
}

}  // namespace

std::size_t digest_length(foreign_function const& function) noexcept
{
    switch (function.algorithm) {
        case sha1:
        case pbkdf2_sha1:
            return 20;
        case sha256:
        case pbkdf2_sha256:
            return 32;
        case sha512:
        case pbkdf2_sha512:
        case scrypt:
            return 64;
        case crypt:
            break;
    }
    return crypt_digest_length(function.salt);
}

std::optional<std::string> compute(foreign_function const& function, std::string_view password)
{
    switch (function.algorithm) {
        case sha1:
        case sha256:
        case sha512:
            return compute_digest(function, password);
        case pbkdf2_sha1:
        case pbkdf2_sha256:
        case pbkdf2_sha512:
            return compute_pbkdf2(function, password);
        case scrypt:
            return compute_scrypt(function, password);
        case crypt:
            break;
    }
    return compute_crypt(function, password);
}

bool is_weak(foreign_function const& function) noexcept
{
    if (function.algorithm == scrypt) return false;
    return function.algorithm != crypt || is_weak_crypt(function.salt);
}

std::string text_of(foreign_function const& function)
{
    auto const known = std::ranges::find(names, function.algorithm, &algorithm_name::algorithm);
    auto text = std::string{known->name} + ':';
    if (function.algorithm == crypt) return text + function.salt;
    if (is_pbkdf2(function.algorithm)) text += std::to_string(function.rounds) + ':';
    return text + encode_base64(function.salt);
}

std::optional<foreign_function> read_function(std::string_view text)
{
    auto const name = text.substr(0, text.find(':'));
    auto const known = std::ranges::find(names, name, &algorithm_name::name);
    // A hash by scrypt is kept as it is, so its function is never written alone.
    if (known == names.end() || known->algorithm == scrypt || name.size() == text.size()) return std::nullopt;
    foreign_function read;
    read.algorithm = known->algorithm;
    auto rest = text.substr(name.size() + 1);
    if (read.algorithm == crypt) {
        if (!is_crypt_setting(rest)) return std::nullopt;
        read.salt = rest;
        return read;
    }
    if (is_pbkdf2(read.algorithm)) {
        auto const number = rest.substr(0, rest.find(':'));
        auto const rounds = read_number(number, most_pbkdf2_rounds);
        if (!rounds || *rounds == 0 || number.size() == rest.size()) return std::nullopt;
        read.rounds = *rounds;
        rest.remove_prefix(number.size() + 1);
    }
    auto salt = decode_base64(rest);
    if (!salt || encode_base64(*salt) != rest) return std::nullopt;
    read.salt = std::move(*salt);
    return read;
}

}  // namespace porter::detail::auth
