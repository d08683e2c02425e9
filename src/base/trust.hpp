#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

namespace porter::detail::base {

/// Why what we keep state in cannot be trusted, or none: it belongs to somebody else than us or root, or others than
/// its owner may write to it. Who may read it is not judged here.
std::optional<std::string_view> permission_error(struct stat const& about);

/// The same but for the permission to write: for what is tightened instead of refused.
std::optional<std::string_view> owner_error(struct stat const& about);

/// What root is advised when it is refused for that: ": run it as that user, sudo -u NAME porterd ...". Empty for other
/// users, and for what belongs to root.
std::string advice_for_root(struct stat const& about);

}  // namespace porter::detail::base
