#pragma once

#include <asio/co_spawn.hpp>
#include <asio/write.hpp>
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

/// One thing that a scripted server does.
struct step {
    enum class kind { receive, send, hang_up, reset, half_close, receive_end, read_to_end };

    kind does = kind::hang_up;
    protocol::kind kind{};  ///< hear: what must come
    std::string bytes;      ///< say: what is written, as it stands
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

/// The server sends no more, and still hears.
inline step half_close()
{
    return {step::kind::half_close, {}, {}};
}

/// The client must end its side now, with nothing before it.
inline step receive_end()
{
    return {step::kind::receive_end, {}, {}};
}

/// The server says nothing more and takes whatever comes, until the client ends its side.
inline step read_to_end()
{
    return {step::kind::read_to_end, {}, {}};
}

/// A server that does what a script says, on a port of its own, for one client. The script's end hangs up.
class scripted_server {
public:
    /// `tls`: what it shakes hands with before the script begins; null: plain TCP.
    scripted_server(asio::io_context& io, std::vector<step> script, detail::tls::server_context const* tls = nullptr)
        : acceptor_(io, {asio::ip::address_v4::loopback(), 0}), socket_(io), script_(std::move(script)), tls_(tls)
    {}

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// The payloads that came, in order.
    std::vector<std::string> const& received() const { return received_; }

    task<void> play()
    {
        auto [error] = co_await acceptor_.async_accept(socket_, base::use_tuple);
        if (error) throw std::system_error(error);
        if (tls_ != nullptr) co_await accept_tls();
        for (auto const& next : script_) co_await take(next);
        socket_.close();
    }

private:
    task<void> accept_tls()
    {
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};  // only a hang is this long
        auto const error = co_await socket_.accept_tls(*tls_, deadline);
        if (error) throw std::system_error(error);
    }

    task<void> take(step const& next)
    {
        base::error_code error;
        switch (next.does) {
            case step::kind::receive:
                co_await receive_one(next.kind);
                break;
            case step::kind::send:
                co_await asio::async_write(socket_, asio::buffer(next.bytes), base::use_tuple);
                break;
            case step::kind::half_close:
                co_await socket_.end_sending();
                break;
            case step::kind::reset:
                socket_.set_option(asio::socket_base::linger{true, 0});
                socket_.close();
                break;
            case step::kind::receive_end:
                co_await socket_.receive_some(error);
                if (!error) throw std::runtime_error("the client said more than it should");
                break;
            case step::kind::hang_up:
                socket_.close();
                break;
            case step::kind::read_to_end:
                co_await discard_input();
                break;
        }
    }

    task<void> discard_input()
    {
        std::string unread(4096, '\0');
        for (;;) {
            auto const [error, size] = co_await socket_.async_read_some(asio::buffer(unread), base::use_tuple);
            if (error) co_return;
        }
    }

    task<void> receive_one(protocol::kind kind)
    {
        base::error_code error;
        auto payload = co_await socket_.receive_text(error);
        if (error) throw std::runtime_error("the client ended where it should have spoken: " + error.message());
        received_.push_back(payload);
        if (payload.front() != static_cast<char>(kind)) {
            throw std::runtime_error("the client sent kind " + std::to_string(payload.front()));
        }
    }

    base::tcp_acceptor acceptor_;
    message_socket<detail::tls::stream> socket_;
    std::vector<step> script_;
    detail::tls::server_context const* tls_;
    std::vector<std::string> received_;
};

/// Runs the script and a visit (a coroutine that connects to the server's port) side by side, both to their end.
/// What either throws is thrown here.
template <typename Visit>
void play(scripted_server& server, asio::io_context& io, Visit visit)
{
    std::exception_ptr failed;
    auto const finished = [&](std::exception_ptr thrown) {
        if (!thrown) return;
        if (!failed) failed = thrown;
        io.stop();
    };
    asio::co_spawn(io, server.play(), finished);
    asio::co_spawn(io, visit(server), finished);
    io.run();
    if (failed) std::rethrow_exception(failed);
}

template <typename Visit>
void play(std::vector<step> script, Visit visit, detail::tls::server_context const* tls = nullptr)
{
    asio::io_context io;
    scripted_server server{io, std::move(script), tls};
    play(server, io, visit);
}

}  // namespace porter::testing
