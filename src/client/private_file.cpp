#include "client/private_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"

namespace porter::detail::client {

namespace {

std::optional<std::string> file_error(struct ::stat const& status)
{
    auto const error = base::permission_error(status);
    if (!error) return std::nullopt;
    return "another user could have written it, so check its contents: " + std::string{*error};
}

/// In a sticky directory such as /tmp only the owner of a file or of the directory can remove it.
std::optional<std::string> directory_error(std::filesystem::path const& file)
{
    struct ::stat status{};
    if (::stat(base::folder_of(file).c_str(), &status) != 0) return std::nullopt;  // there is no file either
    bool const is_sticky = (status.st_mode & S_ISVTX) != 0;
    auto const error = is_sticky ? base::owner_error(status) : base::permission_error(status);
    if (!error) return std::nullopt;
    return "another user could have added or removed it, as its directory is not safe: " + std::string{*error};
}

}  // namespace

std::optional<std::string> safety_error(std::filesystem::path const& file)
{
    if (auto error = directory_error(file)) return error;
    struct ::stat status{};
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return file_error(status);
}

directory_lock::directory_lock(std::filesystem::path const& directory)
{
    std::filesystem::path path;
    int mkdir_error = 0;
    for (auto const& part : directory) {
        path /= part;
        int const error = ::mkdir(path.c_str(), 0700) == 0 ? 0 : errno;
        if (error == 0 || error == EEXIST) {
            mkdir_error = 0;
        } else if (mkdir_error == 0) {
            mkdir_error = error;  // reported only if the directory does not exist
        }
        if (mkdir_error != 0 && error != EEXIST && error != EROFS && error != EACCES) break;
    }
    directory_ = base::unique_fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory_) {
        problem_ = base::system_message(errno == ENOENT && mkdir_error != 0 ? mkdir_error : errno);
        return;
    }
    while (::flock(directory_.get(), LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        problem_ = base::system_message();
        return;
    }
}

file_text read_private_file(std::filesystem::path const& file)
{
    file_text contents;
    if (auto const error = directory_error(file)) {
        contents.problem = *error;
        return contents;
    }
    auto const text = base::read_private(file, base::symlinks::reject, [&](int fd, struct ::stat const& status) {
        if (auto error = file_error(status)) return error;
        contents.was_readable = (status.st_mode & 077) != 0 && status.st_uid == ::geteuid();  // not a file of root
        bool const is_private = !contents.was_readable || ::fchmod(fd, 0600) == 0;
        return is_private ? std::nullopt : std::optional{base::system_message()};
    });
    if (text) {
        contents.text = text->view();
    } else if (text.error().code != ENOENT) {
        contents.problem = text.error().message;
    }
    return contents;
}

std::optional<std::string> replace_private_file(std::filesystem::path const& file, std::string const& text)
{
    int const error = base::write_atomically(file, text, base::existing_file::replace);
    return error == 0 ? std::nullopt : std::optional{base::system_message(error)};
}

}  // namespace porter::detail::client
