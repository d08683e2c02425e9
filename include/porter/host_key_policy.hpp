#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace porter {

/// Whether a text has the form of a fingerprint: "SHA256:" and the unpadded base64 of the SHA-256 of a key's
/// SubjectPublicKeyInfo (RFC 7469, 2.4). It identifies the key, so renewing a certificate for the same key does not
/// change it.
bool is_fingerprint(std::string_view text) noexcept;

/// Which server keys a client accepts, as StrictHostKeyChecking of ssh_config(5). If known_servers has a key for the
/// server, no other key is accepted, whatever the policy. Otherwise a key is accepted that a certificate authority of
/// this system certifies for the host name. Otherwise the policy decides:
///
///     client_options options{.host_key_policy = porter::host_key_policy::accept_new};
class host_key_policy {
public:
    /// What to do with a key that is neither known nor certified.
    enum policy : std::uint8_t {
        strict,      ///< reject an unknown key: connecting fails with its fingerprint, for a person to decide
        accept_new,  ///< write the first key into known_servers; from then on accept no other
    };

    /// Converts from a policy, so that options can be set to `host_key_policy::accept_new`.
    host_key_policy(policy value = strict) noexcept : policy_(value) {}

    /// Accept only this key. It is written into known_servers unless an authority certifies it.
    static host_key_policy key(std::string fingerprint)
    {
        host_key_policy pinned;
        pinned.key_ = std::move(fingerprint);
        return pinned;
    }

    /// Whether the first key of an unknown server is accepted.
    bool accepts_new() const noexcept { return policy_ == accept_new; }

    /// The only key that is accepted; empty: none was given.
    std::string const& only_key() const noexcept { return key_; }

private:
    policy policy_;
    std::string key_;
};

/// Why a server's key was accepted.
enum class trust_source : std::uint8_t {
    none,                   ///< plain TCP: the server has no key
    known_server,           ///< known_servers has its key
    certificate_authority,  ///< a certificate authority of this system certifies it
    fingerprint,            ///< host_key_policy::key() named it
    first_use,              ///< accept_new: the key was written into known_servers
};

}  // namespace porter
