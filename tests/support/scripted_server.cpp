#include "support/scripted_server.hpp"

#include <asio/write.hpp>
#include <chrono>
#include <stdexcept>

namespace porter::testing {

scripted_server::scripted_server(asio::io_context& io, std::vector<step> script, detail::tls::server_context const* tls)
    : acceptor_(io, {asio::ip::address_v4::loopback(), 0}), socket_(io), tls_(tls)
{
    add(std::move(script));
}

scripted_server::~scripted_server() = default;

task<void> scripted_server::play()
{
    for (auto const& script : scripts_) {
        socket_ = message_socket<detail::tls::stream>{acceptor_.get_executor()};
        auto [error] = co_await acceptor_.async_accept(socket_, base::use_tuple);
        if (error) throw std::system_error(error);
        if (script.tls != nullptr) tls_ = script.tls;
        if (tls_ != nullptr) co_await accept_tls();
        for (auto const& next : script.steps) co_await run(next);
        socket_.close();
    }
}

task<void> scripted_server::accept_tls()
{
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};  // only a hang takes this long
    auto const error = co_await socket_.accept_tls(*tls_, deadline);
    if (error) throw std::system_error(error);
}

task<void> scripted_server::run(step const& next)
{
    base::error_code error;
    switch (next.action) {
        case step::kind::receive:
            co_await receive_one(next.kind);
            break;
        case step::kind::send:
            co_await asio::async_write(socket_.stream(), asio::buffer(next.bytes), base::use_tuple);
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
            if (!error) throw std::runtime_error("the client sent more than it should");
            break;
        case step::kind::hang_up:
            socket_.close();
            break;
        case step::kind::read_to_end:
            co_await discard_input();
            break;
    }
}

task<void> scripted_server::discard_input()
{
    std::string unread(4096, '\0');
    for (;;) {
        auto const [error, size] = co_await socket_.stream().async_read_some(asio::buffer(unread), base::use_tuple);
        if (error) co_return;
    }
}

task<void> scripted_server::receive_one(protocol::kind kind)
{
    base::error_code error;
    auto payload = co_await socket_.receive_text(error);
    if (error) throw std::runtime_error("the client ended instead of sending a message: " + error.message());
    received_.push_back(payload);
    if (payload.front() != static_cast<char>(kind)) {
        throw std::runtime_error("the client sent kind " + std::to_string(payload.front()));
    }
}

}  // namespace porter::testing
