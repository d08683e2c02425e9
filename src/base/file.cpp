#include "base/file.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace porter::detail::base {
namespace {

constexpr std::size_t largest_private_file = 1024 * 1024;

/// A file whose content is on the disk, under a temporary name.
struct temporary_file {
    std::string name;
    int error = 0;
};

temporary_file write_temporary(std::filesystem::path const& file, std::string_view text, existing_file existing)
{
    temporary_file temporary{file.native() + (existing == existing_file::replace ? ".new" : ".XXXXXX")};
    unique_fd fd;
    if (existing == existing_file::keep) {
        fd = unique_fd{::mkostemp(temporary.name.data(), O_CLOEXEC)};  // 0600, O_EXCL
    } else if (::unlink(temporary.name.c_str()) == 0 || errno == ENOENT) {
        // What was removed was left by a crash: there is one writer at a time.
        fd = unique_fd{::open(temporary.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    }
    if (!fd) return {{}, errno};
    temporary.error = write_whole(fd.get(), text);
    if (temporary.error == 0 && ::fsync(fd.get()) != 0) temporary.error = errno;
    return temporary;
}

int rename_temporary(std::string const& temporary, std::filesystem::path const& file, existing_file existing)
{
    if (existing == existing_file::replace) return ::rename(temporary.c_str(), file.c_str()) == 0 ? 0 : errno;
    return ::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST ? 0 : errno;
}

}  // namespace

unique_fd::unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

unique_fd& unique_fd::operator=(unique_fd&& other) noexcept
{
    std::swap(fd_, other.fd_);
    return *this;
}

unique_fd::~unique_fd()
{
    if (fd_ >= 0) ::close(fd_);
}

std::string system_message(int error)
{
    return std::generic_category().message(error);
}

std::filesystem::path folder_of(std::filesystem::path const& path)
{
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
}

std::optional<std::string_view> owner_error(struct stat const& status)
{
    if (status.st_uid == ::geteuid() || status.st_uid == 0) return std::nullopt;
    return "it belongs to another user";
}

std::optional<std::string_view> permission_error(struct stat const& status)
{
    if (auto const reason = owner_error(status)) return reason;
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write to it: chmod go-w";
    return std::nullopt;
}

std::string advice_for_root(struct stat const& status)
{
    if (::geteuid() != 0 || status.st_uid == 0) return {};
    auto const* const owner = ::getpwuid(status.st_uid);
    auto const name = owner != nullptr ? std::string{owner->pw_name} : "'#" + std::to_string(status.st_uid) + "'";
    return ": run it as that user, sudo -u " + name + " porterd ...";
}

int read_whole(int fd, std::size_t limit, std::string& text)
{
    std::array<char, 4096> chunk;
    int error = 0;
    for (std::size_t size = 0; error == 0;) {
        auto const count = ::read(fd, chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) error = errno;
        if (count <= 0) break;
        text.append(chunk.data(), static_cast<std::size_t>(count));
        size += static_cast<std::size_t>(count);
        if (size > limit) error = EFBIG;
    }
    ::explicit_bzero(chunk.data(), chunk.size());
    return error;
}

int write_whole(int fd, std::string_view text)
{
    while (!text.empty()) {
        auto const count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
}

result<secret, file_error> read_private(std::filesystem::path const& file, symlinks links, access_check const& check)
{
    int const link_flag = links == symlinks::reject ? O_NOFOLLOW : 0;
    unique_fd const fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | link_flag)};
    if (!fd && errno == ELOOP && links == symlinks::reject) return unexpected(file_error{0, "it is a symbolic link"});
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) return unexpected(file_error{errno, system_message()});
    if (!S_ISREG(status.st_mode)) return unexpected(file_error{0, "it is not a regular file"});
    file_error const too_large{0, "it is larger than 1 MiB"};
    if (status.st_size > static_cast<off_t>(largest_private_file)) return unexpected(too_large);
    if (auto error = check(fd.get(), status)) return unexpected(file_error{0, std::move(*error)});

    std::string text;
    text.reserve(static_cast<std::size_t>(status.st_size) + 4096);  // no copy is left behind in freed memory
    int const error = read_whole(fd.get(), largest_private_file, text);
    secret content{text};
    wipe(text);
    if (error == EFBIG) return unexpected(too_large);
    if (error != 0) return unexpected(file_error{error, system_message(error)});
    return content;
}

int write_atomically(std::filesystem::path const& file, std::string_view text, existing_file existing)
{
    auto const temporary = write_temporary(file, text, existing);
    if (temporary.name.empty()) return temporary.error;
    int const error = temporary.error != 0 ? temporary.error : rename_temporary(temporary.name, file, existing);
    if (error != 0 || existing == existing_file::keep) ::unlink(temporary.name.c_str());
    unique_fd const folder{::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder) ::fsync(folder.get());  // not all file systems support it
    return error;
}

}  // namespace porter::detail::base
