#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace porter::detail::log {

/// Keeps the log from taking the last of its file system: what is left is for the database, which is beside it by
/// default and cannot log anybody in without writing. For one thread.
class free_space_check {
public:
    struct space {
        std::uint64_t size = 0;       ///< bytes of the file system
        std::uint64_t available = 0;  ///< of them free for this process
    };
    /// The space of the file system of an open file; none: it is not known, or no file that takes any.
    using probe = std::function<std::optional<space>(int file)>;

    /// Free bytes that the log leaves: enough for days of a busy database, and on a small file system a part of it.
    static constexpr std::uint64_t most_bytes = std::uint64_t{256} * 1024 * 1024;
    static constexpr std::uint64_t percent = 5;

    explicit free_space_check(probe look = fstatvfs_of) : look_(std::move(look)) {}

    /// Whether `bytes` more leave as much free as they have to: min(most_bytes, percent of the file system). Asks the
    /// system each time, which takes less than writing does.
    bool has_space(int file, std::size_t bytes) const;

    /// Asks fstatvfs(3), for a regular file.
    static std::optional<space> fstatvfs_of(int file);

private:
    probe look_;
};

}  // namespace porter::detail::log
