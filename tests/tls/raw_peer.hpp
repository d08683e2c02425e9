#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "tls/context.hpp"
#include "tls/engine.hpp"

namespace porter::testing {

/// A client that uses OpenSSL directly, configured by the test. Its peer is an engine.
class raw_client {
public:
    raw_client() : context_(SSL_CTX_new(TLS_client_method())) {}

    SSL_CTX* context() { return context_.get(); }

    void offer(std::string protocol)
    {
        protocol.insert(protocol.begin(), static_cast<char>(protocol.size()));
        SSL_CTX_set_alpn_protos(context(), reinterpret_cast<unsigned char const*>(protocol.data()),
                                static_cast<unsigned int>(protocol.size()));
    }

    /// Runs the handshake; returns the name of the alert that ended it, or empty.
    std::string handshake_with(detail::tls::engine& server)
    {
        session_.reset(SSL_new(context()));
        auto* const session = session_.get();
        input_ = BIO_new(BIO_s_mem());
        output_ = BIO_new(BIO_s_mem());
        SSL_set_bio(session, input_, output_);
        SSL_set_connect_state(session);
        SSL_set_msg_callback(session, on_message);
        SSL_set_msg_callback_arg(session, this);
        for (int i = 0; i < 10; ++i) {
            SSL_do_handshake(session);
            ERR_clear_error();
            exchange(server);
            server.handshake();
            exchange(server);
        }
        return alert_;
    }

    /// The output before any input.
    std::string first_flight()
    {
        session_.reset(SSL_new(context()));
        input_ = BIO_new(BIO_s_mem());
        output_ = BIO_new(BIO_s_mem());
        SSL_set_bio(session_.get(), input_, output_);
        SSL_set_connect_state(session_.get());
        SSL_do_handshake(session_.get());
        ERR_clear_error();
        std::string flight(static_cast<std::size_t>(BIO_pending(output_)), '\0');
        BIO_read(output_, flight.data(), static_cast<int>(flight.size()));
        return flight;
    }

    SSL* session() { return session_.get(); }

    /// Moves the output of each side to the other.
    void exchange(detail::tls::engine& server)
    {
        auto& bytes = server.bytes();
        if (BIO_pending(output_) > 0 && !bytes.has_input()) {
            auto const space = bytes.free_space();
            bytes.commit(static_cast<std::size_t>(BIO_read(output_, space.data(), static_cast<int>(space.size()))));
        }
        auto const output = bytes.output();
        if (output.empty()) return;
        BIO_write(input_, output.data(), static_cast<int>(output.size()));
        bytes.consume(output.size());
    }

private:
    static void on_message(int is_write, int, int type, void const* bytes, std::size_t size, SSL*, void* self)
    {
        if (is_write != 0 || type != SSL3_RT_ALERT || size != 2) return;
        static_cast<raw_client*>(self)->alert_ =
            SSL_alert_desc_string_long(static_cast<unsigned char const*>(bytes)[1]);
    }

    struct free_ssl {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
        void operator()(SSL* session) const noexcept { SSL_free(session); }
    };
    std::unique_ptr<SSL_CTX, free_ssl> context_;
    std::unique_ptr<SSL, free_ssl> session_;
    BIO* input_ = nullptr;
    BIO* output_ = nullptr;
    std::string alert_;
};

}  // namespace porter::testing
