#include "client/private_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.hpp"

namespace porter::detail::client {

namespace {

std::optional<std::string> reason_for_distrust_of_file(struct ::stat const& about)
{
    auto const reason = base::permission_error(about);
    if (!reason) return std::nullopt;
    return "somebody else could have written it, so check what it holds: " + std::string{*reason};
}

/// In a folder like /tmp nobody can take a file away from its owner.
std::optional<std::string> reason_for_distrust_of_folder(std::filesystem::path const& file)
{
    struct ::stat about{};
    if (::stat(base::folder_of(file).c_str(), &about) != 0) return std::nullopt;  // not there: neither is the file
    bool const is_sticky = (about.st_mode & S_ISVTX) != 0;
    auto const reason = is_sticky ? base::owner_error(about) : base::permission_error(about);
    if (!reason) return std::nullopt;
    return "somebody else could have put it there or taken it away, for its folder is not safe: " +
           std::string{*reason};
}

}  // namespace

std::filesystem::path state_file(std::string const& name)
{
    auto const* state = std::getenv("XDG_STATE_HOME");
    if (state && state[0] == '/') return std::filesystem::path{state} / "porter" / name;
    auto const* home = std::getenv("HOME");
    if (home && home[0] == '/') return std::filesystem::path{home} / ".local/state/porter" / name;
    return {};
}

std::optional<std::string> reason_for_distrust_of_state(std::filesystem::path const& file)
{
    if (auto reason = reason_for_distrust_of_folder(file)) return reason;
    struct ::stat about{};
    if (::lstat(file.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
    return reason_for_distrust_of_file(about);
}

directory_lock::directory_lock(std::filesystem::path const& directory)
{
    std::filesystem::path made;
    int refused = 0;
    for (auto const& part : directory) {
        made /= part;
        int const error = ::mkdir(made.c_str(), 0700) == 0 ? 0 : errno;
        if (error == 0 || error == EEXIST) {
            refused = 0;
        } else if (refused == 0) {
            refused = error;  // maybe it is there all the same; if not, this is why
        }
        if (refused != 0 && error != EEXIST && error != EROFS && error != EACCES) break;
    }
    directory_ = base::unique_fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory_) {
        problem_ = base::system_message(errno == ENOENT && refused != 0 ? refused : errno);
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
    file_text read;
    if (auto const reason = reason_for_distrust_of_folder(file)) {
        read.problem = *reason;
        return read;
    }
    auto content = base::read_private(file, base::symlinks::reject, [&](int fd, struct ::stat const& about) {
        if (auto reason = reason_for_distrust_of_file(about)) return reason;
        read.was_open = (about.st_mode & 077) != 0 && about.st_uid == ::geteuid();  // root's own is root's to tighten
        bool const is_private = !read.was_open || ::fchmod(fd, 0600) == 0;
        return is_private ? std::nullopt : std::optional{base::system_message()};
    });
    if (content) {
        read.text = content->view();
    } else if (content.error().code != ENOENT) {
        read.problem = content.error().message;
    }
    return read;
}

std::optional<std::string> replace_private_file(std::filesystem::path const& file, std::string const& text)
{
    int const error = base::write_atomically(file, text, base::existing_file::replace);
    return error == 0 ? std::nullopt : std::optional{base::system_message(error)};
}

}  // namespace porter::detail::client
