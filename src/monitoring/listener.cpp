#include "monitoring/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <cerrno>

#include "porter/start_error.hpp"

namespace porter::detail::monitoring {
namespace {

using asio::ip::tcp;
using asio::local::stream_protocol;

/// Scrapers that wait while the threads are busy; later ones are made to wait by their own system.
constexpr int backlog = 16;

base::unique_fd open_socket(int family)
{
    return base::unique_fd{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

template <typename Endpoint>
bool bind_to(int socket, Endpoint const& to)
{
    return ::bind(socket, static_cast<sockaddr const*>(to.data()), static_cast<socklen_t>(to.size())) == 0;
}

[[noreturn]] void fail(std::string const& name)
{
    auto const problem = base::system_message();
    throw start_error{start_errc::cannot_listen, "cannot listen on " + name + " for metrics: " + problem};
}

/// Whether a file is a UNIX socket that no process listens on.
bool is_stale(std::string const& path)
{
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
    auto const probe = open_socket(AF_UNIX);
    stream_protocol::endpoint const to{path};
    return ::connect(probe.get(), static_cast<sockaddr const*>(to.data()), static_cast<socklen_t>(to.size())) != 0 &&
           errno == ECONNREFUSED;
}

}  // namespace

listener::listener(endpoint const& where)
{
    where.path.empty() ? bind_ip(where) : bind_path(where.path);
}

listener::~listener()
{
    struct stat status{};
    bool const exists = !path_.empty() && ::lstat(path_.c_str(), &status) == 0;
    if (exists && status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

void listener::bind_ip(endpoint const& where)
{
    tcp::endpoint wanted{asio::ip::make_address(where.ip), where.port};
    auto const name = where.ip + " port " + std::to_string(where.port);
    socket_ = open_socket(wanted.protocol().family());
    int const on = 1;
    auto bound = static_cast<socklen_t>(wanted.capacity());
    if (!socket_ || ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        !bind_to(socket_.get(), wanted) || ::listen(socket_.get(), backlog) != 0 ||
        ::getsockname(socket_.get(), static_cast<sockaddr*>(wanted.data()), &bound) != 0) {
        fail(name);
    }
    port_ = wanted.port();
}

/// The mode of the parent process's umask would keep the group out, which the socket is for.
void listener::bind_path(std::string const& path)
{
    stream_protocol::endpoint const wanted{path};
    socket_ = open_socket(AF_UNIX);
    bool is_bound = socket_ && bind_to(socket_.get(), wanted);
    if (socket_ && !is_bound && errno == EADDRINUSE) {
        bool const is_left = is_stale(path);
        if (is_left) ::unlink(path.c_str());
        is_bound = is_left && bind_to(socket_.get(), wanted);
        if (!is_left) errno = EADDRINUSE;
    }
    struct stat status{};
    if (!is_bound || ::chmod(path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0 ||
        ::lstat(path.c_str(), &status) != 0 || ::listen(socket_.get(), backlog) != 0) {
        fail(path);
    }
    path_ = path;
    device_ = status.st_dev;
    inode_ = status.st_ino;
}

}  // namespace porter::detail::monitoring
