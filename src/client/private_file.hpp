#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/file.hpp"

namespace porter::detail::client {

/// A file of the user's own state: $XDG_STATE_HOME/porter/NAME, else ~/.local/state/porter/NAME; empty where neither
/// variable is set (a relative XDG_STATE_HOME counts as unset, as its specification wants).
std::filesystem::path state_file(std::string const& name);

/// Why what stands in such a file, or that it is missing, could be somebody else's doing (base::reason_for_distrust),
/// of the file or its folder; none for what is not there. A line for a person, who has to look into it.
std::optional<std::string> reason_for_distrust_of_state(std::filesystem::path const& file);

/// Held while a file is read, changed and put back, so that two programs do not undo each other's change. It locks the
/// file's directory, which is made (0700, with its parents) when it is not there.
class directory_lock {
public:
    explicit directory_lock(std::filesystem::path const& directory);

    /// Why there is no lock, for a person; empty when it is held.
    std::string const& problem() const noexcept { return problem_; }

private:
    base::unique_fd directory_;
    std::string problem_;
};

struct file_text {
    std::string text;       ///< empty also when there is no file
    std::string problem;    ///< why it could not be read; then it must not be written either
    bool was_open = false;  ///< others could read the file; they no longer can
};

/// Reads a small file of the user's own that holds secrets: no symbolic link, none that
/// somebody else owns or could have written, 1 MiB at most. One that others could only read is made private.
file_text read_private_file(std::filesystem::path const& file);

/// Puts a file with this text in the place of `file`, whole or not at all: a new file (0600, O_EXCL) is renamed over
/// it. Gives the problem, or nothing.
std::optional<std::string> replace_private_file(std::filesystem::path const& file, std::string const& text);

}  // namespace porter::detail::client
