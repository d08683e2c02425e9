#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

namespace porter::detail::base {

/// Why a file or directory cannot hold state, or none: its owner is neither this process's user nor root, or others may
/// write to it. Read permission is not checked.
std::optional<std::string_view> permission_error(struct stat const& status);

/// Checks the owner only, for callers that correct the permissions themselves.
std::optional<std::string_view> owner_error(struct stat const& status);

/// Advice for a process of root that got such an error: ": run it as that user, sudo -u NAME porterd ...". Empty for
/// other users, and for files of root.
std::string advice_for_root(struct stat const& status);

}  // namespace porter::detail::base
