#include "base/writable_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/file.hpp"

namespace porter::detail::base {
namespace {

std::filesystem::path normalised(std::filesystem::path const& folder)
{
    auto path = std::filesystem::absolute(folder.empty() ? "." : folder).lexically_normal();
    return path.has_filename() ? path : path.parent_path();  // "/a/" is "/a"
}

/// Whether creating `planned` creates `folder`, too.
bool is_created_with(std::filesystem::path const& folder, std::filesystem::path const& planned)
{
    if (planned.empty()) return false;
    auto const outer = normalised(folder);
    auto const inner = normalised(planned);
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

/// Permissions alone are not enough: root may write everywhere, and no process can create a file in /proc. Creates a
/// file without a name (O_TMPFILE) if the file system supports it, else a folder that is removed at once.
int error_of_creating_any_file(std::filesystem::path const& folder)
{
    if (unique_fd{::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR)}) return 0;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return errno;
    auto name = (folder / ".porter-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) return errno;
    ::rmdir(name.c_str());
    return 0;
}

}  // namespace

int error_of_creating_in(std::filesystem::path const& folder, std::filesystem::path const& planned)
{
    auto const path = folder.empty() ? std::filesystem::path{"."} : folder;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return errno == ENOENT && is_created_with(path, planned) ? 0 : errno;
    if (!S_ISDIR(status.st_mode)) return ENOTDIR;
    return ::access(path.c_str(), W_OK | X_OK) == 0 ? error_of_creating_any_file(path) : errno;
}

int error_of_creating(std::filesystem::path const& file, std::filesystem::path const& planned, std::size_t suffix_bytes)
{
    if (!file.has_filename()) return EISDIR;
    if (file.filename().native().size() + suffix_bytes > NAME_MAX) return ENAMETOOLONG;
    if (file.native().size() + suffix_bytes >= PATH_MAX) return ENAMETOOLONG;
    return error_of_creating_in(file.parent_path(), planned);
}

int error_of_creating_folder(std::filesystem::path const& folder)
{
    auto const wanted = normalised(folder);
    auto nearest = wanted;
    struct stat status{};
    while (::lstat(nearest.c_str(), &status) != 0) {
        if (errno != ENOENT || !nearest.has_relative_path()) return errno;
        if (nearest.filename().native().size() > NAME_MAX) return ENAMETOOLONG;
        nearest = nearest.parent_path();
    }
    // A dangling link prevents it, too.
    if (::stat(nearest.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return ENOTDIR;
    return nearest == wanted ? 0 : error_of_creating_in(nearest, {});
}

}  // namespace porter::detail::base
