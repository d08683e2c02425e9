#pragma once

#include <sys/types.h>

#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <list>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "control/connections.hpp"
#include "control/local_acceptor.hpp"
#include "control/messages.hpp"
#include "log/logger.hpp"

namespace porter::detail::control {

/// The limits of a control_server; tests have others.
struct limits {
    /// Peers that are served at the same time: some tools of one administrator. The next one takes the place of one
    /// that is silent, or waits.
    std::size_t peers = 8;
    /// For the next request of a peer, and for it to take a reply: a program does both at once.
    std::chrono::milliseconds time = std::chrono::seconds{5};
    /// Rows of a page: some 0.4 ms of an I/O thread, and at most 200 KiB.
    std::size_t page = 512;
    /// Rows of an overview, at most: more than a terminal has, and at most 100 KiB.
    std::size_t rows = 256;
};

/// Bytes of the largest request: a folded name has at most 1 KiB.
inline constexpr std::size_t max_request = 4096;

/// Serves porterctl over a Unix socket: answers each request by one reply. A peer must be a process of root or of this
/// process's user. One that sends anything else than requests, or is slow, is disconnected.
///
/// Threads: the one that runs the io_context.
class control_server {
public:
    /// Listens at `path`. `io`, `served` and `log` outlive this. Throws start_error like local_acceptor.
    control_server(asio::io_context& io, std::filesystem::path path, connections& served, log::logger& log,
                   control::limits limits = {});
    /// Stops, and runs `io` until everything that was started has ended.
    ~control_server();
    control_server(control_server const&) = delete;
    control_server& operator=(control_server const&) = delete;

    /// Closes the socket and all peers. Then nothing of this keeps the io_context running.
    void stop();

private:
    struct peer {
        local_socket socket;
        ::uid_t user;
        bool is_idle;  // it has not asked for anything, or not again
    };

    void spawn(task<void> work);
    task<void> accept_all();
    void evict_for_next();
    void serve_next(local_socket socket);
    task<void> serve(std::list<peer>::iterator one);
    task<reply> answer(peer const& from, request const& asked);
    task<reply> answer_list(list_connections const& asked);
    task<reply> answer_overview(get_overview const& asked);
    task<reply> answer_close(peer const& from, close_connections const& asked);
    task<std::vector<std::uint64_t>> select(close_connections const& by);
    task<bool> send(peer& to, reply const& message);
    void log_closed(peer const& from, close_connections const& asked, std::size_t count);

    asio::io_context& io_;
    connections& served_;
    log::logger& log_;
    control::limits const limits_;
    std::string const node_;
    local_acceptor acceptor_;
    std::list<peer> peers_;
    base::steady_timer pause_;  // of accept_all(): until a peer has gone, or after an error
    std::size_t running_ = 0;   // coroutines
    bool stopped_ = false;
};

}  // namespace porter::detail::control
