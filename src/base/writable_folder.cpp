#include "base/writable_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace porter::detail::base {
namespace {

std::filesystem::path whole(std::filesystem::path const& folder)
{
    auto path = std::filesystem::absolute(folder.empty() ? "." : folder).lexically_normal();
    return path.has_filename() ? path : path.parent_path();  // "/a/" is "/a"
}

/// Whether making `planned` makes `folder`, too.
bool is_made_with(std::filesystem::path const& folder, std::filesystem::path const& planned)
{
    if (planned.empty()) return false;
    auto const outer = whole(folder);
    auto const inner = whole(planned);
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

int error_of_creating_in(std::filesystem::path const& folder, std::filesystem::path const& planned)
{
    auto const path = folder.empty() ? std::filesystem::path{"."} : folder;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno == ENOENT && is_made_with(path, planned) ? 0 : errno;
    if (!S_ISDIR(status.st_mode)) return ENOTDIR;
    return ::access(path.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

}  // namespace porter::detail::base
