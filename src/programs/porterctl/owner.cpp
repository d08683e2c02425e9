#include "programs/porterctl/owner.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "config/problem.hpp"

namespace porter::programs {

namespace {

std::string name_of_user(::uid_t user)
{
    auto const* const entry = ::getpwuid(user);
    return entry != nullptr ? entry->pw_name : "user " + std::to_string(user);
}

/// The group of that user; `other` where the user has no entry.
::gid_t group_of_user(::uid_t user, ::gid_t other)
{
    auto const* const entry = ::getpwuid(user);
    return entry != nullptr ? entry->pw_gid : other;
}

bool is_known(std::filesystem::path const& database, struct ::stat& about)
{
    auto const folder = database.has_parent_path() ? database.parent_path() : std::filesystem::path{"."};
    return ::lstat(database.c_str(), &about) == 0 || ::stat(folder.c_str(), &about) == 0;
}

}  // namespace

std::optional<std::string> become_owner(std::filesystem::path const& database)
{
    struct ::stat about {};
    if (::geteuid() != 0 || !is_known(database, about) || about.st_uid == 0) return std::nullopt;
    auto const name = name_of_user(about.st_uid);
    auto const group = group_of_user(about.st_uid, about.st_gid);
    if (::setgroups(1, &group) != 0 || ::setresgid(group, group, group) != 0 ||
        ::setresuid(about.st_uid, about.st_uid, about.st_uid) != 0) {
        throw rooms::config::problem{
            rooms::config::exit_code::io,
            "cannot act as " + name + ", who owns the database: " + std::generic_category().message(errno)};
    }
    return name;
}

}  // namespace porter::programs
