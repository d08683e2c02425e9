#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

namespace porter::detail::log {

/// Stops the log before it fills its file system. The database is on the same one by default, and logins need to write
/// to it. For one thread.
class free_space_check {
public:
    struct space {
        std::uint64_t size = 0;       ///< bytes of the file system
        std::uint64_t available = 0;  ///< bytes of it that are free for this process
    };
    /// The space of the file system of an open file; none: unknown, or not a regular file.
    using space_probe = std::function<std::optional<space>(int file)>;

    /// The free bytes that the log leaves: enough for days of a busy database, less on a small file system.
    static constexpr std::uint64_t max_floor = std::uint64_t{256} * 1024 * 1024;
    static constexpr std::uint64_t floor_percent = 5;

    explicit free_space_check(space_probe probe = fstatvfs_of) : probe_(std::move(probe)) {}

    /// Whether writing `bytes` leaves at least min(max_floor, floor_percent of the file system) free. Calls the probe
    /// each time, which takes less time than a write.
    bool has_space(int file, std::size_t bytes) const;

    /// The same for the file at this path; true if there is none. From any thread.
    bool has_space_at(std::filesystem::path const& path) const;

    /// Calls fstatvfs(3), for a regular file.
    static std::optional<space> fstatvfs_of(int file);

private:
    space_probe probe_;
};

}  // namespace porter::detail::log
