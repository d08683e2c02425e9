#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "server/tls_acceptor.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {

/// Accepts on one listening socket and hands each new socket to the next I/O thread in turn. It ends only by stop()
/// and never spins: an accept that fails (EMFILE, ENFILE, ENOBUFS, ECONNABORTED …) is tried again after 10 ms, then
/// twice as long each time, up to 1 s, with at most one log line a second.
class acceptor {
public:
    /// Called with each accepted socket, which already belongs to the I/O thread.
    using accept_handler = std::function<void(stream, identity::address, worker&)>;

    acceptor(base::tcp_acceptor listening, std::span<worker* const> workers, log::logger& log);

    /// Accepts until stop(). Runs on the acceptor's I/O thread; `deliver` and the threads outlive it.
    task<void> accept_all(accept_handler const& deliver);

    /// Closes the listening socket. On the acceptor's I/O thread.
    void stop();

    /// The bound address; if port 0 was asked for, with the port that was chosen.
    asio::ip::tcp::endpoint local_endpoint() const { return endpoint_; }

private:
    worker& next_worker();
    task<void> back_off(base::error_code const& failed);

    base::tcp_acceptor acceptor_;
    asio::ip::tcp::endpoint endpoint_;
    std::vector<worker*> workers_;
    log::logger& log_;
    base::steady_timer timer_;
    std::size_t next_ = 0;
    bool stopped_ = false;
    std::chrono::milliseconds pause_{};
    std::chrono::steady_clock::time_point logged_at_{};
};

/// Opens a listening socket on each address, all on one port: `port`, or while that is in use the next one up, `tries`
/// ports in all; 0: any free port. "::" serves IPv6 and IPv4. Throws start_error: configuration for an invalid IP
/// address, cannot_listen otherwise. Only "address in use" leads to another port.
std::vector<base::tcp_acceptor> listen_on(asio::io_context& io, std::vector<std::string> const& addresses,
                                          std::uint16_t port, std::uint16_t tries);

/// Takes over sockets that another process has bound and listens on, such as a service manager: sets the options of
/// listen_on() and close-on-exec. Throws start_error(configuration), which names the descriptor, unless each is a
/// listening TCP socket; then the caller still owns all of them.
std::vector<base::tcp_acceptor> take_listeners(asio::io_context& io, std::span<int const> descriptors);

}  // namespace porter::detail::server
