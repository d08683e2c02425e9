#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

struct stat;

namespace porter::detail::tls {

/// The user and the groups that decide about a process's access to files.
struct process_identity {
    uid_t user = 0;
    std::vector<gid_t> groups{};  ///< the effective one and the supplementary ones

    static process_identity current();

    bool is_member_of(gid_t group) const;
};

/// Why a private key's file must not be used: others can read or replace it; none: it may be used. A clause for a
/// person, with advice. These may be used:
/// - a file of the user or root that only its owner may read;
/// - a file of root that a group of the process may read, as on Debian: root:ssl-cert 0640;
/// - a credential made by systemd (LoadCredential=): 0400, or 0440 if the group's bits are the mask of an access list.
std::optional<std::string> key_access_error(struct stat const& file, process_identity const& process,
                                            bool is_credential);

/// Whether an open file is a credential that systemd made for this process: on a memory file system, and below
/// /run/credentials or $CREDENTIALS_DIRECTORY.
bool is_credential(std::string const& path, int descriptor);

}  // namespace porter::detail::tls
