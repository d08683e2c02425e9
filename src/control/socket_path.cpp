#include "control/socket_path.hpp"

#include <fcntl.h>
#include <sys/un.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace porter::detail::control {
namespace {

constexpr std::size_t longest = sizeof(::sockaddr_un::sun_path) - 1;

[[noreturn]] void fail(int error)
{
    throw std::system_error{error, std::generic_category()};
}

}  // namespace

socket_path::socket_path(std::filesystem::path const& path)
{
    std::string address = path.native();
    if (address.size() > longest) {
        folder_ = base::unique_fd{::open(base::folder_of(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
        if (!folder_) fail(errno);
        address = "/proc/self/fd/" + std::to_string(folder_.get()) + '/' + path.filename().native();
    }
    if (address.empty() || address.size() > longest) fail(ENAMETOOLONG);
    endpoint_ = asio::local::stream_protocol::endpoint{address};
}

}  // namespace porter::detail::control
