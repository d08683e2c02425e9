#include "base/trust.hpp"

#include <unistd.h>

namespace porter::rooms::base {

std::optional<std::string_view> reason_for_distrust_of_owner(struct stat const& about)
{
    if (about.st_uid == ::geteuid() || about.st_uid == 0) return std::nullopt;
    return "it belongs to another user";
}

std::optional<std::string_view> reason_for_distrust(struct stat const& about)
{
    if (auto const reason = reason_for_distrust_of_owner(about)) return reason;
    if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write to it: chmod go-w";
    return std::nullopt;
}

}  // namespace porter::rooms::base
