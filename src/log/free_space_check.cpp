#include "log/free_space_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "base/file.hpp"

namespace porter::detail::log {

bool free_space_check::has_space(int file, std::size_t bytes) const
{
    auto const current = probe_(file);
    if (!current) return true;
    auto const floor = std::min(max_floor, current->size / 100 * floor_percent);
    return current->available >= floor && current->available - floor >= bytes;
}

bool free_space_check::has_space_at(std::filesystem::path const& path) const
{
    base::unique_fd const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    return has_space(file.get(), 0);
}

std::optional<free_space_check::space> free_space_check::fstatvfs_of(int file)
{
    struct stat status{};
    struct statvfs system{};
    if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    if (::fstatvfs(file, &system) != 0 || system.f_blocks == 0) return std::nullopt;
    return space{std::uint64_t{system.f_blocks} * system.f_frsize, std::uint64_t{system.f_bavail} * system.f_frsize};
}

}  // namespace porter::detail::log
