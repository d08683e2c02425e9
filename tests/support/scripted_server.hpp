#pragma once

#include <asio/co_spawn.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/asio.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"
#include "support/run.hpp"
#include "tls/stream.hpp"

namespace porter::testing {

namespace protocol = detail::protocol;
namespace base = detail::base;

/// One step of a scripted server.
struct step {
    enum class kind { receive, send, hang_up, reset, half_close, receive_end, read_to_end };

    kind action = kind::hang_up;
    protocol::kind kind{};  ///< receive: the kind that the client must send
    std::string bytes;      ///< send: written unchanged
};

inline step receive(protocol::kind kind)
{
    return {step::kind::receive, kind, {}};
}

inline step send_bytes(std::string bytes)
{
    return {step::kind::send, {}, std::move(bytes)};
}

template <typename Message>
std::string frame_of(Message const& message)
{
    frame_encoder encoder;
    encoder.compose([&](std::string& out) { protocol::encode(message, out); });
    auto const pending = encoder.pending();
    return std::string{base::as_text(pending)};
}

template <typename Message>
step send(Message const& message)
{
    return send_bytes(frame_of(message));
}

inline step hang_up()
{
    return {step::kind::hang_up, {}, {}};
}

inline step reset()
{
    return {step::kind::reset, {}, {}};
}

/// Shuts down the server's sending side; it still reads.
inline step half_close()
{
    return {step::kind::half_close, {}, {}};
}

/// The client must shut down its sending side next, without another message.
inline step receive_end()
{
    return {step::kind::receive_end, {}, {}};
}

/// Discards input until the client shuts down its sending side.
inline step read_to_end()
{
    return {step::kind::read_to_end, {}, {}};
}

/// A server that runs a script for a connection, on a free port, and then closes it. Further connections, one after the
/// other, have scripts of their own.
class scripted_server {
public:
    /// `tls`: the server first accepts a TLS handshake; null: plain TCP.
    scripted_server(asio::io_context& io, std::vector<step> script, detail::tls::server_context const* tls = nullptr);
    ~scripted_server();

    /// The script of the next connection. `tls`: with this key from then on, if not null.
    void add(std::vector<step> script, detail::tls::server_context const* tls = nullptr)
    {
        scripts_.push_back({std::move(script), tls});
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// The received payloads, in order.
    std::vector<std::string> const& received() const { return received_; }

    task<void> play();

private:
    struct connection_script {
        std::vector<step> steps;
        detail::tls::server_context const* tls;
    };

    task<void> accept_tls();

    task<void> run(step const& next);

    task<void> discard_input();

    task<void> receive_one(protocol::kind kind);

    base::tcp_acceptor acceptor_;
    message_socket<detail::tls::stream> socket_;
    std::vector<connection_script> scripts_;
    detail::tls::server_context const* tls_;
    std::vector<std::string> received_;
};

/// Runs the script and a test (a coroutine that connects to the server's port) concurrently, both to their end, and
/// rethrows the first exception.
template <typename Test>
void play(scripted_server& server, asio::io_context& io, Test test)
{
    std::exception_ptr failed;
    auto const finished = [&](std::exception_ptr thrown) {
        if (!thrown) return;
        if (!failed) failed = thrown;
        io.stop();
    };
    asio::co_spawn(io, server.play(), finished);
    asio::co_spawn(io, test(server), finished);
    io.run();
    if (failed) std::rethrow_exception(failed);
}

template <typename Test>
void play(std::vector<step> script, Test test, detail::tls::server_context const* tls = nullptr)
{
    asio::io_context io;
    scripted_server server{io, std::move(script), tls};
    play(server, io, test);
}

}  // namespace porter::testing
