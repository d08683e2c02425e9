#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

struct stat;

namespace porter::detail::tls {

/// The user and the groups by which a process opens files.
struct process_identity {
    uid_t user = 0;
    std::vector<gid_t> groups{};  ///< the effective one and the supplementary ones

    static process_identity current();

    bool is_member_of(gid_t group) const;
};

/// Why the file of a private key must not be used, because others can read or replace it; none: it may be. A clause for
/// a person that says what to do. These may be used:
/// - one of the user's or root's that nobody else may read;
/// - one of root's that a group of the process may read as well, as Debian does it: root:ssl-cert 0640;
/// - a credential that systemd made (LoadCredential=): 0400, or 0440 where the group's bits are those of an access
/// list.
std::optional<std::string> key_access_error(struct stat const& file, process_identity const& process,
                                            bool is_credential);

/// Whether an open file is one of those that systemd made for this process: in memory, and below /run/credentials or
/// $CREDENTIALS_DIRECTORY.
bool is_credential(std::string const& path, int descriptor);

}  // namespace porter::detail::tls
