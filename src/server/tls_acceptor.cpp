#include "server/tls_acceptor.hpp"

#include <array>

#include "base/network.hpp"

namespace porter::detail::server {
namespace {

constexpr unsigned char tls_handshake = 0x16;  // the content type of its first record: RFC 8446, 5.1
constexpr unsigned char plain_frame = 0x00;

/// The first byte, which stays where it is; would_block: there is none yet, whatever was said of it.
unsigned char first_byte(stream& socket, base::error_code& error)
{
    std::array<unsigned char, 1> first{};
    auto& plain = static_cast<base::tcp_socket&>(socket);
    auto const size = plain.receive(asio::buffer(first), stream::message_peek, error);
    if (!error && size == 0) error = asio::error::eof;
    return first[0];
}

task<result<void, close_reason>> accept_tls(stream& socket, identity::address const& from, tls_acceptor& tls)
{
    auto const slot = tls.handshake_limiter().take(from, socket);
    auto const context = tls.context();
    auto const deadline = std::chrono::steady_clock::now() + handshake_time;
    auto const failed =
        co_await socket.accept_tls(*context, deadline, tls.handshake_threads(), base::site_of(from.network()));
    if (!failed) co_return result<void, close_reason>{};
    auto const why = slot.is_evicted() ? "too many of them, and this one took longest" : failed.message();
    co_return unexpected(close_reason::lost("TLS handshake: " + why));
}

}  // namespace

void tls_acceptor::set_key(tls::certified_key const& key)
{
    auto fresh = std::make_shared<tls::server_context const>(key);
    auto fingerprint = key.fingerprint();
    std::lock_guard const lock{mutex_};
    context_ = std::move(fresh);
    fingerprint_ = std::move(fingerprint);
}

std::shared_ptr<tls::server_context const> tls_acceptor::context() const
{
    std::lock_guard const lock{mutex_};
    return context_;
}

std::string tls_acceptor::fingerprint() const
{
    std::lock_guard const lock{mutex_};
    return fingerprint_;
}

task<result<void, close_reason>> detect_tls(stream& socket, identity::address const& from, tls_acceptor* tls)
{
    base::error_code error = asio::error::would_block;
    unsigned char first = 0;
    while (error == asio::error::would_block) {
        base::error_code failed;
        co_await socket.async_wait(stream::wait_read, base::uncancelled(failed));
        if (failed) co_return unexpected(close_reason::lost(failed.message()));
        first = first_byte(socket, error);
    }
    if (error == asio::error::eof) co_return unexpected(close_reason::half_closed());
    if (error) co_return unexpected(close_reason::lost(error.message()));
    if (first == tls_handshake && tls != nullptr) {
        auto shaken = co_await accept_tls(socket, from, *tls);
        co_return shaken;
    }
    if (first != plain_frame) {
        co_return unexpected(
            close_reason::local(code::protocol_error, "this is a porter/1 server: frames begin with a zero byte"));
    }
    if (tls != nullptr && !tls->allows_plaintext(from)) {
        co_return unexpected(close_reason::local(code::tls_required, "connect again with TLS"));
    }
    co_return result<void, close_reason>{};
}

bool begins_tls(stream& socket)
{
    base::error_code error;
    if (socket.available(error) == 0 || error) return false;
    return first_byte(socket, error) == tls_handshake && !error;
}

}  // namespace porter::detail::server
