#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/secret.hpp"
#include "porter/result.hpp"

namespace porter::detail::base {

/// Owns a file descriptor and closes it. -1: none.
class unique_fd {
public:
    unique_fd() = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept;
    unique_fd& operator=(unique_fd&& other) noexcept;
    ~unique_fd();

    int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); }  ///< the caller closes it
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// The system's text for an error code.
std::string system_message(int error = errno);

/// The folder of a path; "." for a bare name.
std::filesystem::path folder_of(std::filesystem::path const& path);

/// Why a file or directory cannot hold state, or none: its owner is neither this process's user nor root, or others may
/// write to it. Read permission is not checked.
std::optional<std::string_view> permission_error(struct stat const& status);

/// Checks the owner only, for callers that correct the permissions themselves.
std::optional<std::string_view> owner_error(struct stat const& status);

/// Advice for a process of root that got one of these errors: ": run it as that user, sudo -u NAME porterd ...". Empty
/// for other users, and for files of root.
std::string advice_for_root(struct stat const& status);

/// Appends the rest of a file to `text`. Returns 0, the system's error code, or EFBIG after more than `limit` bytes.
int read_whole(int fd, std::size_t limit, std::string& text);

/// Writes the whole text. Returns 0 or the system's error code.
int write_whole(int fd, std::string_view text);

enum class symlinks { follow, reject };

/// Checks the owner and mode of an open file; returns the error, or none.
using access_check = std::function<std::optional<std::string>(int fd, struct stat const& status)>;

struct file_error {
    int code = 0;         ///< of the system; 0: the file itself is unusable
    std::string message;  ///< for people, without the file's name
};

/// Reads a small file that holds secrets. Fails if it cannot be read, if it is not a regular file (opening a FIFO does
/// not block), if it is larger than 1 MiB, or if `check` reports an error.
result<secret, file_error> read_private(std::filesystem::path const& file, symlinks links, access_check const& check);

enum class existing_file { replace, keep };

/// Creates a file (0600) with this text, whole or not at all, on the disk when it returns. An existing file is replaced
/// through FILE.new, by one process at a time, or kept, even if several processes create it. Returns 0 or the system's
/// error code.
int write_atomically(std::filesystem::path const& file, std::string_view text, existing_file existing);

}  // namespace porter::detail::base
