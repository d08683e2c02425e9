#include "programs/porterctl/owner.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/file.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "terminal/process.hpp"

namespace porter::programs {

namespace {

/// For chown: the number if the user has no entry.
std::string name_of_user(::uid_t user)
{
    auto const* const entry = ::getpwuid(user);
    return entry != nullptr ? entry->pw_name : std::to_string(user);
}

/// The primary group of the user; `fallback` if the user has no entry.
::gid_t group_of_user(::uid_t user, ::gid_t fallback)
{
    auto const* const entry = ::getpwuid(user);
    return entry != nullptr ? entry->pw_gid : fallback;
}

/// Finds the owner of the database, or of its folder if there is no database. False: the folder does not exist.
bool find_owner(std::filesystem::path const& database, struct ::stat& about)
{
    struct ::stat folder_about{};
    auto const folder = detail::base::folder_of(database);
    if (::stat(folder.c_str(), &folder_about) != 0) return false;
    if (::lstat(database.c_str(), &about) != 0) {
        about = folder_about;
    } else if (about.st_uid == 0 && folder_about.st_uid != 0) {
        auto const name = name_of_user(folder_about.st_uid);
        throw detail::config::option_error{detail::config::exit_code::bad_configuration,
                                           detail::base::escape(database.string()) +
                                               " belongs to root and its folder to " + name + ": chown " + name + " " +
                                               detail::base::escape(database.string())};
    }
    return true;
}

}  // namespace

std::string calling_user()
{
    auto const* const caller = ::getuid() == 0 ? std::getenv("SUDO_USER") : nullptr;
    if (caller != nullptr && *caller != '\0') return detail::base::escape(caller) + " by sudo";
    return name_of_user(::getuid());
}

std::optional<std::string> become_owner(std::filesystem::path const& database)
{
    struct ::stat about{};
    if (::geteuid() != 0 || !find_owner(database, about) || about.st_uid == 0) return std::nullopt;
    auto name = name_of_user(about.st_uid);
    auto const group = group_of_user(about.st_uid, about.st_gid);
    if (::setgroups(1, &group) != 0 || ::setresgid(group, group, group) != 0 ||
        ::setresuid(about.st_uid, about.st_uid, about.st_uid) != 0) {
        throw detail::config::option_error{
            detail::config::exit_code::io,
            "cannot act as " + name + ", the owner of the database: " + detail::base::system_message()};
    }
    detail::terminal::protect_memory();  // a change of user may undo it (prctl(2), PR_SET_DUMPABLE)
    return name;
}

}  // namespace porter::programs
