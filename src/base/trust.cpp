#include "base/trust.hpp"

#include <pwd.h>
#include <unistd.h>

namespace porter::detail::base {

std::optional<std::string_view> owner_error(struct stat const& about)
{
    if (about.st_uid == ::geteuid() || about.st_uid == 0) return std::nullopt;
    return "it belongs to another user";
}

std::optional<std::string_view> permission_error(struct stat const& about)
{
    if (auto const reason = owner_error(about)) return reason;
    if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write to it: chmod go-w";
    return std::nullopt;
}

std::string advice_for_root(struct stat const& about)
{
    if (::geteuid() != 0 || about.st_uid == 0) return {};
    auto const* const owner = ::getpwuid(about.st_uid);
    auto const name = owner != nullptr ? std::string{owner->pw_name} : "'#" + std::to_string(about.st_uid) + "'";
    return ": run it as that user, sudo -u " + name + " porterd ...";
}

}  // namespace porter::detail::base
