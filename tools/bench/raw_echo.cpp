// raw_echo [--threads N] PORT_FILE: the least that a server of this protocol can do on one thread, or on each of N
// that take the connections by turns, to measure porterd against.
//
// It echoes frames on bare epoll(7) and does nothing else: no sessions, no deadlines, no limits but the longest frame,
// no look at what is in a frame. A connection that begins with a hello is granted open access, so that porter-bench and
// porter can talk to it; one that does not is echoed from its first frame on. One read takes whatever has come, one
// write returns all frames that are whole; a quiet connection owns no buffer. It listens on a free port of 127.0.0.1
// and writes the port into PORT_FILE.
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
constexpr std::size_t most_frame = 1 << 20;
constexpr std::size_t chunk = 256 * 1024;
constexpr int events_at_once = 512;

struct connection {
    int socket = -1;
    bool greeted = false;
    std::string begun;   // an unfinished frame
    std::string unsent;  // what the socket would not take
};

[[noreturn]] void die(char const* what)
{
    std::perror(what);
    std::exit(1);
}

std::size_t frame_size(char const* at)
{
    std::uint32_t length = 0;
    std::memcpy(&length, at, sizeof length);
    return header + ntohl(length);
}

/// False: the connection is dead.
bool flush(connection& with)
{
    while (!with.unsent.empty()) {
        auto const sent = ::send(with.socket, with.unsent.data(), with.unsent.size(), MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        with.unsent.erase(0, static_cast<std::size_t>(sent));
    }
    return true;
}

bool reply(connection& with, std::string_view bytes)
{
    if (bytes.empty()) return true;
    if (with.unsent.empty()) {
        auto const sent = ::send(with.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    with.unsent += bytes;
    return true;
}

/// Echoes the whole frames at the front; gives what is left. False: no frames.
bool echo(connection& with, std::string_view& bytes)
{
    std::size_t whole = 0;
    while (bytes.size() - whole >= header) {
        auto const size = frame_size(bytes.data() + whole);
        if (size == header || size > header + most_frame) return false;
        if (bytes.size() - whole < size) break;
        if (!with.greeted) {
            with.greeted = true;
            if (bytes[header] == hello) {
                bytes.remove_prefix(size);
                if (!reply(with, open_access)) return false;
                continue;
            }
        }
        whole += size;
    }
    auto const frames = bytes.substr(0, whole);
    bytes.remove_prefix(whole);
    return reply(with, frames);
}

/// Reads and echoes until nothing is left; not while output is stuck. False: the connection is over.
bool serve(connection& with)
{
    static thread_local std::vector<char> shared(header + most_frame + chunk);
    while (with.unsent.empty()) {
        std::memcpy(shared.data(), with.begun.data(), with.begun.size());
        auto const got = ::recv(with.socket, shared.data() + with.begun.size(), chunk, 0);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got == 0) return false;
        auto const size = static_cast<std::size_t>(got);
        std::string_view bytes{shared.data(), with.begun.size() + size};
        if (!echo(with, bytes)) return false;
        with.begun = std::string{bytes};
        if (size < chunk) return true;  // drained
    }
    return true;
}

/// `epolls`: one for each thread.
void accept_all(std::vector<int> const& epolls, int listener)
{
    static std::size_t turn = 0;
    for (;;) {
        auto const socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return;
        int const on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto* const made = new connection{socket, false, {}, {}};
        ::epoll_event wanted{};
        wanted.events = EPOLLIN | EPOLLOUT | EPOLLET;
        wanted.data.ptr = made;
        auto const epoll = epolls[turn++ % epolls.size()];
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &wanted) != 0) die("epoll_ctl");
    }
}

int listen_and_tell(char const* port_file)
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

/// One thread's loop. The first one has the listener, too, whose events name no connection.
[[noreturn]] void run(std::vector<int> const& epolls, std::size_t which, int listener)
{
    for (;;) {
        ::epoll_event ready[events_at_once];
        auto const count = ::epoll_wait(epolls[which], ready, events_at_once, -1);
        for (int i = 0; i < count; ++i) {
            auto* const with = static_cast<connection*>(ready[i].data.ptr);
            if (!with) {
                accept_all(epolls, listener);
            } else if (!flush(*with) || !serve(*with)) {
                ::close(with->socket);
                delete with;
            }
        }
    }
}

}  // namespace

int main(int argc, char** argv)
{
    auto const threads = argc == 4 && argv[1] == std::string_view{"--threads"} ? std::atoi(argv[2]) : 1;
    if (threads < 1 || (argc != 2 && argc != 4)) {
        return std::fputs("usage: raw_echo [--threads N] PORT_FILE\n", stderr), 64;
    }
    ::rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);

    auto const listener = listen_and_tell(argv[argc - 1]);
    std::vector<int> epolls;
    for (int i = 0; i < threads; ++i) {
        epolls.push_back(::epoll_create1(EPOLL_CLOEXEC));
        if (epolls.back() < 0) die("epoll_create1");
    }
    ::epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (::epoll_ctl(epolls.front(), EPOLL_CTL_ADD, listener, &wanted) != 0) die("epoll_ctl");
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < epolls.size(); ++i) others.emplace_back(run, std::cref(epolls), i, listener);
    run(epolls, 0, listener);
}
