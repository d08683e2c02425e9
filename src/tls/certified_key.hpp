#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "tls/handles.hpp"

namespace porter::detail::tls {

/// `SHA256:` and the unpadded base64 of SHA-256 over the certificate's SubjectPublicKeyInfo (the pins of RFC 7469, in
/// the format of ssh). It does not change when the certificate is renewed for the same key.
std::string fingerprint(x509_st const& certificate);

/// A private key and its certificate chain.
class certified_key {
public:
    /// Takes ownership. The chain is not empty and its first certificate is for the key: see matches().
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

/// A self-signed certificate for the key, for `localhost` and the loopback addresses. It is valid for decades from the
/// day before `now`: clients trust the key by its fingerprint, so an earlier end would not make it safer. None: the key
/// is of a type that cannot sign. Throws std::bad_alloc.
certificate_handle make_certificate(evp_pkey_st& key, base::timestamp now);

/// The PEM text for a file; the key as PKCS #8 without a password.
base::secret to_pem(evp_pkey_st& key);
std::string to_pem(x509_st& certificate);

/// None: there is no key, or it needs a password. Never prompts for one.
key_handle key_from_pem(base::secret const& pem);
/// Empty: there is no certificate, or an invalid one.
std::vector<certificate_handle> chain_from_pem(std::string_view pem);

/// Whether the certificate is for this key.
bool matches(evp_pkey_st const& key, x509_st const& certificate);

}  // namespace porter::detail::tls
