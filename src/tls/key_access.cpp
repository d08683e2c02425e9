#include "tls/key_access.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace porter::detail::tls {
namespace {

std::string octal(mode_t mode)
{
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0%03o", static_cast<unsigned>(mode & 07777));
    return text.data();
}

bool is_below(std::filesystem::path const& file, char const* directory)
{
    std::error_code error;
    auto const parent = std::filesystem::canonical(directory, error);
    if (error || parent == parent.root_path()) return false;
    return std::mismatch(parent.begin(), parent.end(), file.begin(), file.end()).first == parent.end();
}

}  // namespace

process_identity process_identity::current()
{
    process_identity identity{::geteuid()};
    auto const capacity = ::getgroups(0, nullptr);
    identity.groups.resize(static_cast<std::size_t>(std::max(capacity, 0)));
    auto const count = ::getgroups(capacity, identity.groups.data());
    identity.groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    identity.groups.push_back(::getegid());
    return identity;
}

/// Root may read every file that a group may read.
bool process_identity::is_member_of(gid_t group) const
{
    return user == 0 || std::ranges::find(groups, group) != groups.end();
}

std::optional<std::string> key_access_error(struct stat const& file, process_identity const& process,
                                            bool is_credential)
{
    constexpr mode_t by_group = 040;
    constexpr mode_t by_others = 077;
    if (file.st_uid != process.user && file.st_uid != 0) {
        return "the key belongs to another user, of uid " + std::to_string(file.st_uid) +
               ", who can replace it: chown it to root or to the user that porterd runs as";
    }
    auto const open_bits = file.st_mode & by_others;
    if (open_bits == 0) return std::nullopt;
    if (open_bits != by_group || file.st_uid != 0) {
        return "the key is open to others (mode " + octal(file.st_mode) +
               "): make it 0600 (chmod 600), or 0640 with root as its owner and a group that porterd's user is a "
               "member "
               "of; if others could have read it, make a new one";
    }
    if (process.is_member_of(file.st_gid)) return std::nullopt;
    if (is_credential && (file.st_mode & 0337) == 0) return std::nullopt;
    return "the key is open to others: the members of group " + std::to_string(file.st_gid) +
           " may read it, and porterd's user is none of them: add it to that group, or chmod 600";
}

bool is_credential(std::string const& path, int descriptor)
{
    struct statfs system{};
    if (::fstatfs(descriptor, &system) != 0) return false;
    if (system.f_type != RAMFS_MAGIC && system.f_type != TMPFS_MAGIC) return false;
    std::error_code error;
    auto const file = std::filesystem::canonical(path, error);
    if (error) return false;
    auto const* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    return is_below(file, "/run/credentials") || (directory != nullptr && is_below(file, directory));
}

}  // namespace porter::detail::tls
