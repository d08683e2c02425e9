#include "log/append_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/file.hpp"
#include "base/standard_stream.hpp"
#include "base/writable_folder.hpp"

namespace porter::detail::log {
namespace {

/// How long a write waits for a non-blocking standard stream before lines are lost, in ms.
constexpr int write_timeout = 1000;

base::unique_fd duplicate_stream(int stream, int& error)
{
    base::unique_fd file{::fcntl(stream, F_DUPFD_CLOEXEC, 0)};
    error = file ? 0 : errno;
    return file;
}

enum class purpose : std::uint8_t { write, check };

/// Opens with O_NONBLOCK: opening a pipe without a reader would block. A check creates and changes nothing.
base::unique_fd open_for_appending(std::filesystem::path const& path, purpose mode, int& error)
{
    int const create_flag = mode == purpose::write ? O_CREAT : 0;
    base::unique_fd file{::open(path.c_str(),
                                O_WRONLY | O_APPEND | create_flag | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                                S_IRUSR | S_IWUSR)};
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
        error = errno;
    } else if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) {  // devices: /dev/null is a useful log
        error = EINVAL;
    } else if (S_ISREG(status.st_mode) && base::owner_error(status)) {
        error = EPERM;
    } else {
        // Read permission for others may be intended; write permission is removed.
        bool const others_may_write = S_ISREG(status.st_mode) && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
        if (others_may_write && mode == purpose::write)
            static_cast<void>(::fchmod(file.get(), status.st_mode & 07755U));
        error = 0;
        return file;
    }
    return {};
}

/// Removes the bytes that were written from the front of `bytes`.
int write_from(int file, std::string_view& bytes)
{
    while (!bytes.empty()) {
        auto const written = ::write(file, bytes.data(), bytes.size());
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (written == 0) {
            return EIO;
        } else if (int const error = errno; error == EAGAIN) {
            pollfd writable{file, POLLOUT, 0};
            if (::poll(&writable, 1, write_timeout) == 0) return error;
        } else if (error != EINTR) {
            return error;
        }
    }
    return 0;
}

}  // namespace

std::size_t count_lines(std::string_view text) noexcept
{
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

append_file::append_file(std::filesystem::path path) : path_(std::move(path))
{
    opening_error_ = reopen_file();
}

int append_file::error_of_opening(std::filesystem::path const& path, std::filesystem::path const& planned)
{
    int error = 0;
    auto const stream = base::standard_stream(path);
    auto const file = stream ? duplicate_stream(*stream, error) : open_for_appending(path, purpose::check, error);
    return error == ENOENT ? base::error_of_creating(path, planned) : error;
}

int append_file::reopen_file()
{
    int error = 0;
    auto const stream = base::standard_stream(path_);
    auto opened = stream ? duplicate_stream(*stream, error) : open_for_appending(path_, purpose::write, error);
    if (error != 0) return error;
    file_ = std::move(opened);
    unfinished_.clear();
    return 0;
}

bool append_file::was_removed() const
{
    struct stat status{};
    return ::fstat(file_.get(), &status) == 0 && status.st_nlink == 0;
}

int append_file::reopen()
{
    return reopen_file();
}

append_file::lost_lines append_file::write(std::string& lines)
{
    std::string_view rest{lines};
    int error = !file_ || was_removed() ? reopen_file() : 0;
    if (error == 0) error = finish_line();
    if (error == 0) error = write_from(file_.get(), rest);
    if (error == 0) return {};
    auto const written = lines.size() - rest.size();
    bool const is_torn = written > 0 && lines[written - 1] != '\n';
    if (is_torn) rest.remove_prefix(rest.find('\n') + 1);
    lost_lines const lost{count_lines(rest), rest.empty() ? 0 : error};
    if (is_torn) {
        lines.resize(lines.size() - rest.size());
        lines.erase(0, written);
        unfinished_.swap(lines);
    }
    return lost;
}

int append_file::finish_line()
{
    std::string_view rest{unfinished_};
    int const error = write_from(file_.get(), rest);
    unfinished_.erase(0, unfinished_.size() - rest.size());
    if (unfinished_.empty()) unfinished_.shrink_to_fit();  // it has the memory of a whole batch
    return error;
}

}  // namespace porter::detail::log
