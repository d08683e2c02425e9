#include "programs/porterd/port_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "porter/server.hpp"

namespace porter::programs {

port_file::port_file(std::filesystem::path path, std::uint16_t port) : path_(std::move(path))
{
    auto const content = std::to_string(port) + '\n';
    auto temporary = path_.native() + ".XXXXXX";
    file_ = ::mkostemp(temporary.data(), O_CLOEXEC);
    bool const written =
        file_ >= 0 && ::write(file_, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    if (written && std::rename(temporary.c_str(), path_.c_str()) == 0) return;
    int const error = errno;
    if (file_ >= 0) {
        ::unlink(temporary.c_str());
        ::close(file_);
    }
    throw start_error(start_error::kind::cannot_create, "cannot write " + rooms::base::escape(path_.string()) + ": " +
                                                            std::generic_category().message(error));
}

port_file::~port_file()
{
    struct stat ours {};
    struct stat there {};
    bool const is_ours = ::fstat(file_, &ours) == 0 && ::lstat(path_.c_str(), &there) == 0 &&
                         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
    if (is_ours) ::unlink(path_.c_str());
    ::close(file_);
}

}  // namespace porter::programs
