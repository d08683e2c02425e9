#include "log/space_floor.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

namespace porter::detail::log {

bool free_space_check::has_space(int file, std::size_t bytes) const
{
    auto const now = look_(file);
    if (!now) return true;
    auto const floor = std::min(most_bytes, now->size / 100 * percent);
    return now->available >= floor && now->available - floor >= bytes;
}

std::optional<free_space_check::space> free_space_check::fstatvfs_of(int file)
{
    struct stat status {};
    struct statvfs system {};
    if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    if (::fstatvfs(file, &system) != 0 || system.f_blocks == 0) return std::nullopt;
    return space{std::uint64_t{system.f_blocks} * system.f_frsize, std::uint64_t{system.f_bavail} * system.f_frsize};
}

}  // namespace porter::detail::log
