// raw_echo [--threads N] [--bytes] PORT_FILE: the minimal echo server of this protocol, for comparison with porterd.
// With N threads the connections go to each thread in turn. With --bytes it echoes what comes without looking for
// frames, as the upstream program of tools/bench/tunnels.
//
// It echoes frames on bare epoll(7): no sessions, no timeouts, no decoding of payloads, and no limit except the longest
// frame. A hello as the first frame is answered with open access, so porter-bench and porter can use the server; any
// other first frame is echoed. One read takes all available input, one write returns all complete frames, and an idle
// connection has no buffer. The server listens on a free port of 127.0.0.1 and writes the port to PORT_FILE.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "open_access.hpp"

namespace {

constexpr std::size_t header = 4;
constexpr std::size_t max_frame = 1 << 20;
constexpr std::size_t chunk = 256 * 1024;
constexpr int max_events = 512;

struct connection {
    int socket = -1;
    bool greeted = false;
    std::string partial;  // the beginning of a frame
    std::string unsent;   // output that did not fit into the socket's buffer
};

[[noreturn]] void die(char const* call)
{
    std::perror(call);
    std::exit(1);
}

std::size_t frame_size(char const* at)
{
    std::uint32_t length = 0;
    std::memcpy(&length, at, sizeof length);
    return header + ntohl(length);
}

/// Sends the unsent output. False: the connection failed.
bool flush(connection& conn)
{
    while (!conn.unsent.empty()) {
        auto const sent = ::send(conn.socket, conn.unsent.data(), conn.unsent.size(), MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        conn.unsent.erase(0, static_cast<std::size_t>(sent));
    }
    return true;
}

bool reply(connection& conn, std::string_view bytes)
{
    if (bytes.empty()) return true;
    if (conn.unsent.empty()) {
        auto const sent = ::send(conn.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    conn.unsent += bytes;
    return true;
}

/// Echoes the complete frames and removes them from `bytes`. False: invalid input, or the connection failed.
bool echo(connection& conn, std::string_view& bytes)
{
    std::size_t whole = 0;
    while (bytes.size() - whole >= header) {
        auto const size = frame_size(bytes.data() + whole);
        if (size == header || size > header + max_frame) return false;
        if (bytes.size() - whole < size) break;
        if (!conn.greeted) {
            conn.greeted = true;
            if (bytes[header] == hello) {
                bytes.remove_prefix(size);
                if (!reply(conn, open_access)) return false;
                continue;
            }
        }
        whole += size;
    }
    auto const frames = bytes.substr(0, whole);
    bytes.remove_prefix(whole);
    return reply(conn, frames);
}

/// Reads and echoes until there is no input, or output is unsent. False: the connection has ended.
bool serve_bytes(connection& conn)
{
    static thread_local std::vector<char> shared(chunk);
    while (conn.unsent.empty()) {
        auto const got = ::recv(conn.socket, shared.data(), chunk, 0);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        auto const size = static_cast<std::size_t>(got);
        if (size == 0 || !reply(conn, {shared.data(), size})) return false;
        if (size < chunk) return true;  // drained
    }
    return true;
}

/// The same, in whole frames.
bool serve_frames(connection& conn)
{
    static thread_local std::vector<char> shared(header + max_frame + chunk);
    while (conn.unsent.empty()) {
        std::memcpy(shared.data(), conn.partial.data(), conn.partial.size());
        auto const got = ::recv(conn.socket, shared.data() + conn.partial.size(), chunk, 0);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got == 0) return false;
        auto const size = static_cast<std::size_t>(got);
        std::string_view bytes{shared.data(), conn.partial.size() + size};
        if (!echo(conn, bytes)) return false;
        conn.partial = std::string{bytes};
        if (size < chunk) return true;  // drained
    }
    return true;
}

/// `epolls`: one for each thread.
void accept_all(std::vector<int> const& epolls, int listener)
{
    static std::size_t accepted = 0;
    for (;;) {
        auto const socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return;
        int const on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto* const conn = new connection{socket, false, {}, {}};
        ::epoll_event wanted{};
        wanted.events = EPOLLIN | EPOLLOUT | EPOLLET;
        wanted.data.ptr = conn;
        auto const epoll = epolls[accepted++ % epolls.size()];
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &wanted) != 0) die("epoll_ctl");
    }
}

int listen_on_free_port(char const* port_file)
{
    auto const listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<::sockaddr*>(&address);
    if (::bind(listener, plain, size) != 0 || ::listen(listener, 4096) != 0) die("listen");
    if (::getsockname(listener, plain, &size) != 0) die("getsockname");
    std::ofstream{port_file} << ntohs(address.sin_port) << '\n';
    return listener;
}

/// The loop of one thread. The first thread also has the listener, whose events have no connection.
[[noreturn]] void run(std::vector<int> const& epolls, std::size_t index, int listener, bool (*serve)(connection&))
{
    for (;;) {
        ::epoll_event ready[max_events];
        auto const count = ::epoll_wait(epolls[index], ready, max_events, -1);
        for (int i = 0; i < count; ++i) {
            auto* const conn = static_cast<connection*>(ready[i].data.ptr);
            if (!conn) {
                accept_all(epolls, listener);
            } else if (!flush(*conn) || !serve(*conn)) {
                ::close(conn->socket);
                delete conn;
            }
        }
    }
}

}  // namespace

int main(int argc, char** argv)
{
    int threads = 1;
    auto* serve = serve_frames;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; ++at) {
        std::string_view const option = argv[at];
        if (option == "--bytes")
            serve = serve_bytes;
        else
            threads = option == "--threads" && at + 1 < argc ? std::atoi(argv[++at]) : 0;
    }
    if (threads < 1 || at + 1 != argc) {
        return std::fputs("usage: raw_echo [--threads N] [--bytes] PORT_FILE\n", stderr), 64;
    }
    ::rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);

    auto const listener = listen_on_free_port(argv[at]);
    std::vector<int> epolls;
    for (int i = 0; i < threads; ++i) {
        epolls.push_back(::epoll_create1(EPOLL_CLOEXEC));
        if (epolls.back() < 0) die("epoll_create1");
    }
    ::epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (::epoll_ctl(epolls.front(), EPOLL_CTL_ADD, listener, &wanted) != 0) die("epoll_ctl");
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < epolls.size(); ++i) others.emplace_back(run, std::cref(epolls), i, listener, serve);
    run(epolls, 0, listener, serve);
}
