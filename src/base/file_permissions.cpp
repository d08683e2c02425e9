#include "base/file_permissions.hpp"

#include <pwd.h>
#include <unistd.h>

namespace porter::detail::base {

std::optional<std::string_view> owner_error(struct stat const& status)
{
    if (status.st_uid == ::geteuid() || status.st_uid == 0) return std::nullopt;
    return "it belongs to another user";
}

std::optional<std::string_view> permission_error(struct stat const& status)
{
    if (auto const reason = owner_error(status)) return reason;
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write to it: chmod go-w";
    return std::nullopt;
}

std::string advice_for_root(struct stat const& status)
{
    if (::geteuid() != 0 || status.st_uid == 0) return {};
    auto const* const owner = ::getpwuid(status.st_uid);
    auto const name = owner != nullptr ? std::string{owner->pw_name} : "'#" + std::to_string(status.st_uid) + "'";
    return ": run it as that user, sudo -u " + name + " porterd ...";
}

}  // namespace porter::detail::base
