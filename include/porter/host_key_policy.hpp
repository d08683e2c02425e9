#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace porter {

// Which key a client takes for the right server's. A key is named by its fingerprint: "SHA256:" and the unpadded base64
// of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469, 2.4), so it stays when a certificate is renewed for the same
// key.

/// Whether a text has the form of a fingerprint.
bool is_fingerprint(std::string_view text) noexcept;

/// Whom a client trusts. A key in known_servers comes first, whatever is said here: another one than that is refused.
/// Else a key is trusted that a certificate authority of this system vouches for, for the host's name. Else it is what
/// is said here that decides:
///
///     client_options options{.trust = porter::trust::first_use};
class host_key_policy {
public:
    enum policy : std::uint8_t {
        strict,      ///< no other server: a first visit fails with the key's fingerprint, and somebody decides
        accept_new,  ///< whichever key comes first is written into known_servers, and no other trusted from then on
    };

    host_key_policy(policy may_be = strict) noexcept : policy_(may_be) {}

    /// Only the server with this key; one that nobody else vouches for is written into known_servers.
    static host_key_policy key(std::string fingerprint)
    {
        host_key_policy only;
        only.key_ = std::move(fingerprint);
        return only;
    }

    bool accepts_new() const noexcept { return policy_ == accept_new; }

    /// The only key that will do; empty: there is none of that kind.
    std::string const& only_key() const noexcept { return key_; }

private:
    policy policy_;
    std::string key_;
};

/// Why a server was trusted.
enum class trust_source : std::uint8_t {
    none,                   ///< plain TCP: nobody knows who answers
    known_server,           ///< its key stands in known_servers
    certificate_authority,  ///< a certificate authority of this system vouches for it
    fingerprint,            ///< its key was named beforehand, by trust::key
    first_use,              ///< it came first: its key stands in known_servers now
};

}  // namespace porter
