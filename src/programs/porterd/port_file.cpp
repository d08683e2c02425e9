#include "programs/porterd/port_file.hpp"

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
#include "porter/server.hpp"

namespace porter::programs {

namespace {

constexpr std::string_view temporary_suffix = ".XXXXXX";

bool is_same(struct stat const& one, struct stat const& other)
{
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// The standard stream that this is, or -1.
int console_that_is(struct stat const& there)
{
    for (int const console : {STDOUT_FILENO, STDERR_FILENO}) {
        struct stat its{};
        if (::fstat(console, &its) == 0 && is_same(its, there)) return console;
    }
    return -1;
}

/// Whether what has this name may be replaced and removed: nothing, a regular file, or a link that leads to one (which
/// stays as it is) and not to the console.
bool is_replaceable(std::filesystem::path const& path)
{
    struct stat there{};
    if (::lstat(path.c_str(), &there) != 0 || S_ISREG(there.st_mode)) return true;
    if (!S_ISLNK(there.st_mode)) return false;
    return ::stat(path.c_str(), &there) != 0 || (S_ISREG(there.st_mode) && console_that_is(there) < 0);
}

/// Opens a device, a FIFO or what a link leads to. One of the console's is taken as it is, where it stands. A FIFO is
/// open for reading, too, so that nobody has to read it already.
detail::base::unique_fd open_in_place(std::filesystem::path const& path)
{
    struct stat there{};
    int const console = ::stat(path.c_str(), &there) == 0 ? console_that_is(there) : -1;
    return detail::base::unique_fd{console >= 0 ? ::fcntl(console, F_DUPFD_CLOEXEC, 0)
                                                : ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

/// Whether the folder keeps others than its owner and the file's from replacing the file.
bool is_held_by_sticky_folder(std::filesystem::path const& path)
{
    struct stat folder{};
    struct stat there{};
    if (::stat(detail::base::folder_of(path).c_str(), &folder) != 0 || ::lstat(path.c_str(), &there) != 0) return false;
    auto const us = ::geteuid();
    return (folder.st_mode & S_ISVTX) != 0 && us != 0 && us != folder.st_uid && us != there.st_uid;
}

int error_of_replacing(std::filesystem::path const& path, std::filesystem::path const& planned)
{
    return is_held_by_sticky_folder(path) ? EPERM
                                          : detail::base::error_of_creating(path, planned, temporary_suffix.size());
}

int error_of_opening_in_place(std::filesystem::path const& path)
{
    return open_in_place(path) ? 0 : errno;
}

[[noreturn]] void refuse(std::filesystem::path const& path, int error)
{
    throw start_error(start_errc::cannot_create, "cannot write " + detail::base::escape(path.string()) + ": " +
                                                     detail::base::system_message(error));
}

}  // namespace

void port_file::check(std::filesystem::path const& path, std::filesystem::path const& planned)
{
    int const error = is_replaceable(path) ? error_of_replacing(path, planned) : error_of_opening_in_place(path);
    if (error != 0) refuse(path, error);
}

port_file::port_file(std::filesystem::path path, std::uint16_t port)
    : path_(std::move(path)), is_ours_(is_replaceable(path_))
{
    auto const content = std::to_string(port) + '\n';
    auto temporary = path_.native() + std::string{temporary_suffix};
    file_ = is_ours_ ? detail::base::unique_fd{::mkostemp(temporary.data(), O_CLOEXEC)} : open_in_place(path_);
    if (!file_) refuse(path_, errno);
    int error = detail::base::write_whole(file_.get(), content);
    if (error == 0 && is_ours_ && std::rename(temporary.c_str(), path_.c_str()) != 0) error = errno;
    if (error == 0) return;
    if (is_ours_) ::unlink(temporary.c_str());
    refuse(path_, error);
}

port_file::~port_file()
{
    struct stat ours{};
    struct stat there{};
    bool const is_there = is_ours_ && ::fstat(file_.get(), &ours) == 0 && ::lstat(path_.c_str(), &there) == 0;
    if (is_there && is_same(ours, there)) ::unlink(path_.c_str());
}

}  // namespace porter::programs
