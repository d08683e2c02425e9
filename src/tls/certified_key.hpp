#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "tls/handles.hpp"

namespace porter::detail::tls {

/// What a person compares: `SHA256:` and the unpadded base64 of SHA-256 over the certificate's SubjectPublicKeyInfo, so
/// that it stays the same when the certificate is renewed for the same key (as RFC 7469 pins, and as ssh writes it).
std::string fingerprint(x509_st const& certificate);

/// A private key with the certificate for it and those that lead to an authority, its own first.
class certified_key {
public:
    /// Takes ownership. The chain is not empty and its first certificate is for the key: see fits().
    certified_key(key_handle key, std::vector<certificate_handle> chain);

    evp_pkey_st* key() const noexcept { return key_.get(); }
    std::vector<certificate_handle> const& chain() const noexcept { return chain_; }
    std::string fingerprint() const { return tls::fingerprint(*chain_.front()); }

private:
    key_handle key_;
    std::vector<certificate_handle> chain_;
};

/// A new key on the curve P-256. Throws std::bad_alloc.
key_handle make_key();

/// A certificate for the key, signed by itself and valid for decades from the day before `now`: who trusts it, trusts
/// the key by its fingerprint, so there is nothing that an end in between would make safer. For `localhost` and the
/// addresses of loopback. None: the key is of a kind that cannot sign. Throws std::bad_alloc.
certificate_handle make_certificate(evp_pkey_st& key, base::timestamp now);

/// As they stand in files: PEM, the key as PKCS #8 without a password.
base::secret to_pem(evp_pkey_st& key);
std::string to_pem(x509_st& certificate);

/// From there. None: it holds no key, or one that needs a password; nobody is asked for it.
key_handle key_from_pem(base::secret const& pem);
/// Empty: it holds no certificate, or a broken one.
std::vector<certificate_handle> chain_from_pem(std::string_view pem);

/// Whether the certificate is for this key.
bool fits(evp_pkey_st const& key, x509_st const& certificate);

}  // namespace porter::detail::tls
