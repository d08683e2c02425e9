#pragma once

#include <asio/ssl.hpp>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "tls/contexts.hpp"
#include "wire/pairs.hpp"

namespace porter::testing {

using over_tls = message_socket<asio::ssl::stream<asio::ip::tcp::socket>>;
using over_task_tls = message_socket<asio::ssl::stream<asio::basic_stream_socket<asio::ip::tcp, io_executor>>>;

/// asio::ssl's contexts of both sides. The client accepts every certificate.
struct ssl_contexts {
    ssl_contexts()
    {
        auto const key = new_key();
        if (SSL_CTX_use_certificate(server.native_handle(), key.chain().front().get()) != 1 ||
            SSL_CTX_use_PrivateKey(server.native_handle(), key.key()) != 1) {
            throw std::runtime_error("OpenSSL rejects the key");
        }
    }

    asio::ssl::context server{asio::ssl::context::tls_server};
    asio::ssl::context client{asio::ssl::context::tls_client};
};

template <typename Server, typename Client>
void tls_handshake(asio::io_context& io, Server& server, Client& client)
{
    auto const check = [](std::error_code error) {
        if (error) throw std::system_error(error);
    };
    server.async_handshake(asio::ssl::stream_base::server, check);
    client.async_handshake(asio::ssl::stream_base::client, check);
    io.restart();
    io.run();
}

template <typename Socket>
pair<Socket> asio_tls_pair(asio::io_context& io)
{
    static ssl_contexts sides;
    pair<Socket> ends{Socket{io, sides.server}, Socket{io, sides.client}};
    connect(ends.left.next_layer(), ends.right.next_layer());
    tls_handshake(io, ends.left, ends.right);
    return ends;
}

}  // namespace porter::testing
