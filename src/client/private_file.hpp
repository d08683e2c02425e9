#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/file.hpp"

namespace porter::detail::client {

/// state_file_error() of porter/state_files.hpp.
std::optional<std::string> safety_error(std::filesystem::path const& file);

/// Locks a directory while a file in it is read, changed and replaced, so that programs do not undo each other's
/// changes. Creates the directory (0700) and its parents.
class directory_lock {
public:
    explicit directory_lock(std::filesystem::path const& directory);

    /// Why there is no lock, for the user; empty if there is one.
    std::string const& problem() const noexcept { return problem_; }

private:
    base::unique_fd directory_;
    std::string problem_;
};

struct file_text {
    std::string text;           ///< empty also if there is no file
    std::string problem;        ///< why the file could not be read; then it must not be written either
    bool was_readable = false;  ///< others could read the file; its mode is now 0600
};

/// Reads a file of secrets, at most 1 MiB. Rejects a symbolic link and a file that another user owns or could have
/// written. Changes the mode of one that others could only read.
file_text read_private_file(std::filesystem::path const& file);

/// Replaces the file atomically: writes a new file (0600, O_EXCL) and renames it. Returns the error, if any. The caller
/// holds the directory_lock.
std::optional<std::string> replace_private_file(std::filesystem::path const& file, std::string const& text);

}  // namespace porter::detail::client
