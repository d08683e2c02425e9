#include "programs/porter/local_listener.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/redirect_error.hpp>
#include <cstring>
#include <sstream>

#include "porter/text.hpp"

namespace porter::programs {

namespace {

using asio::ip::tcp;
using asio::local::stream_protocol;
using detail::config::exit_code;

std::string name_of(tcp::endpoint const& endpoint)
{
    std::ostringstream text;
    text << endpoint;
    return text.str();
}

/// Whether a file is a unix socket that no process listens on.
bool is_stale(std::string const& path)
{
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
    int const probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return false;
    stream_protocol::endpoint const endpoint{path};
    bool const is_refused =
        ::connect(probe, static_cast<sockaddr const*>(endpoint.data()), static_cast<socklen_t>(endpoint.size())) != 0 &&
        errno == ECONNREFUSED;
    ::close(probe);
    return is_refused;
}

}  // namespace

local_listener::local_listener(io_executor executor, listen_address address)
    : address_(std::move(address)), acceptor_(executor)
{}

local_listener::~local_listener()
{
    struct stat status{};
    bool const exists = inode_ != 0 && ::lstat(address_.path.c_str(), &status) == 0;
    if (exists && status.st_dev == device_ && status.st_ino == inode_) ::unlink(address_.path.c_str());
}

unexpected<exit_status> local_listener::fail(std::error_code error) const
{
    return unexpected(
        exit_status{exit_code::unreachable, fmt::format("cannot listen on {}: {}", name(), error.message())});
}

outcome<void> local_listener::bind()
{
    return address_.path.empty() ? bind_tcp() : bind_unix();
}

outcome<void> local_listener::bind_tcp()
{
    tcp::endpoint const endpoint{asio::ip::make_address(address_.ip), address_.port};
    std::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address{true}, error);
    if (!error) acceptor_.bind(endpoint, error);
    if (error) return fail(error);
    return {};
}

/// The umask keeps other users out until the mode is set.
outcome<void> local_listener::bind_unix()
{
    auto error = bind_path();
    if (error == asio::error::address_in_use && is_stale(address_.path)) {
        ::unlink(address_.path.c_str());
        error = bind_path();
    }
    struct stat status{};
    if (!error &&
        (::chmod(address_.path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::lstat(address_.path.c_str(), &status) != 0)) {
        error.assign(errno, std::system_category());
    }
    if (error) return fail(error);
    device_ = status.st_dev;
    inode_ = status.st_ino;
    return {};
}

std::error_code local_listener::bind_path()
{
    std::error_code error;
    if (!acceptor_.is_open()) acceptor_.open(stream_protocol{}, error);
    if (!error) acceptor_.bind(stream_protocol::endpoint{address_.path}, error);
    return error;
}

outcome<void> local_listener::listen()
{
    std::error_code error;
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(error);
    return {};
}

task<local_socket> local_listener::accept(std::error_code& error)
{
    auto const executor = co_await asio::this_coro::executor;
    local_socket socket{executor};
    co_await acceptor_.async_accept(socket, asio::redirect_error(use_task, error));
    std::error_code ignored;  // a unix socket has no such option
    if (!error && address_.path.empty()) socket.set_option(tcp::no_delay{true}, ignored);
    co_return socket;
}

void local_listener::close()
{
    std::error_code ignored;  // closed already
    acceptor_.close(ignored);
}

std::string local_listener::name() const
{
    if (!address_.path.empty()) return "unix:" + escape(address_.path);
    return name_of({asio::ip::make_address(address_.ip), port()});
}

std::uint16_t local_listener::port() const
{
    std::error_code error;
    auto const bound = acceptor_.local_endpoint(error);
    tcp::endpoint endpoint;
    if (error || bound.size() > endpoint.capacity()) return address_.port;
    std::memcpy(endpoint.data(), bound.data(), bound.size());
    return endpoint.port() != 0 ? endpoint.port() : address_.port;
}

std::string peer_name(local_socket const& socket)
{
    std::error_code error;
    auto const peer = socket.remote_endpoint(error);
    tcp::endpoint endpoint;
    bool const is_tcp = !error && peer.size() <= endpoint.capacity() && peer.protocol().family() != AF_UNIX;
    if (!is_tcp) return {};
    std::memcpy(endpoint.data(), peer.data(), peer.size());
    return name_of(endpoint);
}

}  // namespace porter::programs
