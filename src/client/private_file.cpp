#include "client/private_file.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/file_permissions.hpp"
#include "base/secret.hpp"

namespace porter::detail::client {

namespace {

constexpr std::size_t largest_file = 1024 * 1024;

std::string system_reports(int error = errno)
{
    return std::generic_category().message(error);
}

class descriptor {
public:
    explicit descriptor(int number) : number_(number) {}
    ~descriptor()
    {
        if (number_ >= 0) ::close(number_);
    }
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;

    int number() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_;
};

std::optional<std::string> reason_for_distrust_of_file(struct ::stat const& about)
{
    auto const reason = base::permission_error(about);
    if (!reason) return std::nullopt;
    return "somebody else could have written it, so check what it holds: " + std::string{*reason};
}

/// In a folder like /tmp nobody can take a file away from its owner.
std::optional<std::string> reason_for_distrust_of_folder(std::filesystem::path const& file)
{
    auto const folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
    struct ::stat about{};
    if (::stat(folder.c_str(), &about) != 0) return std::nullopt;  // not there: neither is the file
    bool const is_sticky = (about.st_mode & S_ISVTX) != 0;
    auto const reason = is_sticky ? base::owner_error(about) : base::permission_error(about);
    if (!reason) return std::nullopt;
    return "somebody else could have put it there or taken it away, for its folder is not safe: " +
           std::string{*reason};
}

/// Whether the open file may be believed and written again; the problem if not.
std::string inspect(descriptor const& file, bool& was_open)
{
    struct ::stat about{};
    if (::fstat(file.number(), &about) != 0) return system_reports();
    if (!S_ISREG(about.st_mode)) return "it is not a regular file";
    if (auto const reason = reason_for_distrust_of_file(about)) return *reason;
    if (about.st_size > static_cast<off_t>(largest_file)) return "it is larger than 1 MiB";
    was_open = (about.st_mode & 077) != 0 && about.st_uid == ::geteuid();  // root's own is root's to tighten
    if (was_open && ::fchmod(file.number(), 0600) != 0) return system_reports();
    return {};
}

bool write_whole(int number, std::string const& text)
{
    std::size_t written = 0;
    while (written < text.size()) {
        auto const count = ::write(number, text.data() + written, text.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        written += static_cast<std::size_t>(count);
    }
    return ::fsync(number) == 0;
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
    directory_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_ < 0) {
        problem_ = system_reports(errno == ENOENT && refused != 0 ? refused : errno);
        return;
    }
    while (::flock(directory_, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        problem_ = system_reports();
        return;
    }
}

directory_lock::~directory_lock()
{
    if (directory_ >= 0) ::close(directory_);
}

file_text read_private_file(std::filesystem::path const& file)
{
    file_text read;
    if (auto const reason = reason_for_distrust_of_folder(file)) {
        read.problem = *reason;
        return read;
    }
    // Non-blocking only matters for the open: a FIFO put there must not hang the program.
    descriptor const opened{::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
    if (!opened) {
        if (errno == ELOOP) {
            read.problem = "it is a symbolic link";
        } else if (errno != ENOENT) {
            read.problem = system_reports();
        }
        return read;
    }
    read.problem = inspect(opened, read.was_open);
    if (!read.problem.empty()) return read;

    std::array<char, 4096> chunk;
    for (;;) {
        auto const count = ::read(opened.number(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) read.problem = system_reports();
        if (count <= 0) break;
        read.text.append(chunk.data(), static_cast<std::size_t>(count));
        if (read.text.size() > largest_file) {
            read.problem = "it is larger than 1 MiB";
            break;
        }
    }
    explicit_bzero(chunk.data(), chunk.size());
    return read;
}

std::optional<std::string> replace_private_file(std::filesystem::path const& file, std::string const& text)
{
    auto fresh = file;
    fresh += ".new";
    // Whoever holds the directory's lock is the only writer: a file of this name is left over from a crash.
    if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return system_reports();
    descriptor const made{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!made) return system_reports();
    if (write_whole(made.number(), text) && ::rename(fresh.c_str(), file.c_str()) == 0) return std::nullopt;
    auto problem = system_reports();
    ::unlink(fresh.c_str());
    return problem;
}

}  // namespace porter::detail::client
