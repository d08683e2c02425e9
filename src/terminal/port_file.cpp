#include "terminal/port_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/writable_folder.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::terminal {

namespace {

constexpr std::string_view temporary_suffix = ".XXXXXX";

bool is_same(struct stat const& one, struct stat const& other)
{
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// The descriptor of stdout or stderr if it is this file, else -1.
int standard_stream_of(struct stat const& status)
{
    for (int const stream : {STDOUT_FILENO, STDERR_FILENO}) {
        struct stat stream_status{};
        if (::fstat(stream, &stream_status) == 0 && is_same(stream_status, status)) return stream;
    }
    return -1;
}

/// Whether the path may be replaced and removed: it does not exist, or is a regular file or a link to one (which is not
/// changed) that is not a standard stream.
bool is_replaceable(std::filesystem::path const& path)
{
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return true;
    if (!S_ISLNK(status.st_mode)) return false;
    return ::stat(path.c_str(), &status) != 0 || (S_ISREG(status.st_mode) && standard_stream_of(status) < 0);
}

/// Opens a device, a FIFO or the target of a link. A standard stream is duplicated, which keeps its position. A FIFO is
/// opened for reading, too, so that opening needs no reader.
base::unique_fd open_in_place(std::filesystem::path const& path)
{
    struct stat status{};
    int const stream = ::stat(path.c_str(), &status) == 0 ? standard_stream_of(status) : -1;
    return base::unique_fd{stream >= 0 ? ::fcntl(stream, F_DUPFD_CLOEXEC, 0)
                                       : ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

/// Whether the sticky bit of the folder forbids this user to replace the file.
bool is_protected_by_sticky_bit(std::filesystem::path const& path)
{
    struct stat folder{};
    struct stat status{};
    if (::stat(base::folder_of(path).c_str(), &folder) != 0 || ::lstat(path.c_str(), &status) != 0) return false;
    auto const user = ::geteuid();
    return (folder.st_mode & S_ISVTX) != 0 && user != 0 && user != folder.st_uid && user != status.st_uid;
}

int error_of_replacing(std::filesystem::path const& path, std::filesystem::path const& planned)
{
    return is_protected_by_sticky_bit(path) ? EPERM : base::error_of_creating(path, planned, temporary_suffix.size());
}

int error_of_opening_in_place(std::filesystem::path const& path)
{
    return open_in_place(path) ? 0 : errno;
}

[[noreturn]] void throw_cannot_write(std::filesystem::path const& path, int error)
{
    throw start_error(start_errc::cannot_create,
                      "cannot write " + base::escape(path.string()) + ": " + base::system_message(error));
}

}  // namespace

void port_file::check(std::filesystem::path const& path, std::filesystem::path const& planned)
{
    int const error = is_replaceable(path) ? error_of_replacing(path, planned) : error_of_opening_in_place(path);
    if (error != 0) throw_cannot_write(path, error);
}

port_file::port_file(std::filesystem::path path, std::uint16_t port)
    : path_(std::move(path)), is_replaced_(is_replaceable(path_))
{
    auto const content = std::to_string(port) + '\n';
    auto temporary = path_.native() + std::string{temporary_suffix};
    file_ = is_replaced_ ? base::unique_fd{::mkostemp(temporary.data(), O_CLOEXEC)} : open_in_place(path_);
    if (!file_) throw_cannot_write(path_, errno);
    int error = base::write_whole(file_.get(), content);
    if (error == 0 && is_replaced_ && std::rename(temporary.c_str(), path_.c_str()) != 0) error = errno;
    if (error == 0) return;
    if (is_replaced_) ::unlink(temporary.c_str());
    throw_cannot_write(path_, error);
}

port_file::~port_file()
{
    struct stat own{};
    struct stat status{};
    bool const exists = is_replaced_ && ::fstat(file_.get(), &own) == 0 && ::lstat(path_.c_str(), &status) == 0;
    if (exists && is_same(own, status)) ::unlink(path_.c_str());
}

}  // namespace porter::detail::terminal
