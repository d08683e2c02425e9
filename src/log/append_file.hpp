#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace porter::detail::log {

/// How many line feeds there are.
std::size_t count_lines(std::string_view text) noexcept;

/// A file that lines are appended to, each whole or not at all, through full disks, removals and rotations. Errors
/// are values of errno (0: none). For one thread.
class append_file {
public:
    /// Opens the file (made with mode 0600; never through a symbolic link; not a pipe or directory), or takes a
    /// standard stream, whatever that is. When that fails
    /// `opening_error()` says why and write() tries again.
    explicit append_file(std::filesystem::path path);
    ~append_file();
    append_file(append_file const&) = delete;
    append_file& operator=(append_file const&) = delete;

    /// What opening_error() would be for this file; makes and changes nothing. `planned`: a folder that will have been
    /// made by then; empty: none.
    static int error_of_opening(std::filesystem::path const& path, std::filesystem::path const& planned);

    int opening_error() const noexcept { return opening_error_; }
    std::filesystem::path const& path() const noexcept { return path_; }
    /// The open file; -1: there is none.
    int descriptor() const noexcept { return file_; }

    /// What a write lost, and why.
    struct lost_lines {
        std::size_t lines = 0;
        int error = 0;  ///< 0: no line was lost
    };

    /// Appends lines, each of which ends with its line feed, at once. A file that was removed is made again first. When
    /// no more can be written the rest is lost, except the end of a line whose beginning is in the file: that is kept
    /// and written before the next. Needs no memory for that, as it may take that of `lines`, whose value is then
    /// unspecified.
    lost_lines write(std::string& lines);

    /// Whether a line's beginning is in the file and its end is not.
    bool has_unfinished() const noexcept { return !unfinished_.empty(); }

    /// Goes on in the file that has the name now. On an error the file that is open stays in use;
    /// otherwise the end of an unfinished line is lost.
    int reopen();

private:
    int reopen_file();
    bool was_removed() const;
    int finish_line();

    std::filesystem::path path_;
    int file_ = -1;
    int opening_error_ = 0;
    std::string unfinished_;  ///< what is still to come of a line whose beginning is in the file
};

}  // namespace porter::detail::log
