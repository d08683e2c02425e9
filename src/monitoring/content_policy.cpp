#include "monitoring/content_policy.hpp"

#include <sodium.h>

#include <array>
#include <cstddef>

namespace porter::detail::monitoring {
namespace {

constexpr int base64 = sodium_base64_VARIANT_ORIGINAL;

std::string source_of(std::string_view content)
{
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
    crypto_hash_sha256(digest.data(), reinterpret_cast<unsigned char const*>(content.data()), content.size());
    std::array<char, sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, base64)> text;
    sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(), base64);
    return std::string{" 'sha256-"} + text.data() + '\'';
}

/// The hashes of all elements with this name.
std::string sources_of(std::string_view page, std::string const& name)
{
    auto const begin = '<' + name + '>';
    auto const end = "</" + name + '>';
    std::string sources;
    for (auto at = page.find(begin); at != std::string_view::npos; at = page.find(begin, at)) {
        at += begin.size();
        auto const size = page.substr(at).find(end);
        sources += source_of(page.substr(at, size));
    }
    return sources.empty() ? " 'none'" : sources;
}

}  // namespace

std::string content_policy(std::string_view page)
{
    return "default-src 'none'; script-src" + sources_of(page, "script") + "; style-src" + sources_of(page, "style") +
           "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
           "require-trusted-types-for 'script'; trusted-types 'none'";
}

}  // namespace porter::detail::monitoring
