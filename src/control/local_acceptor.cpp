#include "control/local_acceptor.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "control/socket_path.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::control {
namespace {

constexpr int backlog = 64;

std::string name_of(std::filesystem::path const& path)
{
    return base::escape(path.string());
}

[[noreturn]] void fail(std::filesystem::path const& path, std::string const& reason)
{
    throw start_error{start_errc::cannot_create, "cannot create " + name_of(path) + " for porterctl" + ": " + reason};
}

/// The lock of a file that stays: to remove it would let two servers lock two files. The folder itself may be locked by
/// porter, whose state may be in the same one.
base::unique_fd lock(std::filesystem::path path)
{
    auto const folder = base::folder_of(path);
    path.replace_extension(".lock");
    base::unique_fd opened{::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (!opened) fail(path, base::system_message());
    if (::flock(opened.get(), LOCK_EX | LOCK_NB) == 0) return opened;
    if (errno != EWOULDBLOCK) fail(path, base::system_message());
    throw start_error{start_errc::cannot_listen, "another porterd runs with the data directory " + name_of(folder) +
                                                     ": stop it, or name another directory"};
}

[[noreturn]] void throw_system_error()
{
    throw std::system_error{errno, std::generic_category()};
}

/// Another file under this name is not ours to remove.
void remove_socket(std::filesystem::path const& path)
{
    struct ::stat about{};
    if (::lstat(path.c_str(), &about) != 0) {
        if (errno == ENOENT) return;
        throw_system_error();
    }
    if (!S_ISSOCK(about.st_mode)) throw std::system_error{EEXIST, std::generic_category()};
    if (::unlink(path.c_str()) != 0) throw_system_error();
}

}  // namespace

std::optional<::uid_t> user_of(local_socket& socket) noexcept
{
    ::ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer.uid;
}

/// The socket gets its mode before its name: Linux creates the file with the mode of the socket.
local_acceptor::local_acceptor(io_executor executor, std::filesystem::path path)
    : path_(std::move(path)), lock_(lock(path_)), acceptor_(executor)
{
    try {
        socket_path const where{path_};
        remove_socket(path_);
        acceptor_.open(asio::local::stream_protocol{});
        if (::fchmod(acceptor_.native_handle(), S_IRUSR | S_IWUSR) != 0) throw_system_error();
        acceptor_.bind(where.endpoint());
        acceptor_.listen(backlog);
    } catch (std::system_error const& error) {
        fail(path_, error.code().message());
    }
}

local_acceptor::~local_acceptor()
{
    close();
}

task<local_socket> local_acceptor::accept(base::error_code& error)
{
    local_socket socket{acceptor_.get_executor()};
    auto const [failed] = co_await acceptor_.async_accept(socket.stream(), base::use_tuple);
    error = failed;
    co_return socket;
}

void local_acceptor::close()
{
    if (!acceptor_.is_open()) return;
    base::error_code ignored;  // closed already
    acceptor_.close(ignored);
    ::unlink(path_.c_str());
    lock_ = base::unique_fd{};
}

}  // namespace porter::detail::control
