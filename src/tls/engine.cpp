#include "tls/engine.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <asio/ip/address.hpp>
#include <new>
#include <string_view>

#include "tls/bio.hpp"
#include "tls/certificate_check.hpp"
#include "tls/error.hpp"

namespace porter::detail::tls {
namespace {

/// What TLS 1.3 adds to each record: header, type and tag (RFC 8446, 5.2).
constexpr std::size_t record_overhead = SSL3_RT_HEADER_LENGTH + 1 + EVP_GCM_TLS_TAG_LEN;

/// Sets the host that the certificate is verified for. A name is also sent (SNI, RFC 6066), an address is not. False:
/// no certificate can be valid for it.
bool expect_host(SSL* session, std::string host)
{
    auto* const parameters = SSL_get0_param(session);
    // The subject is not a host name (RFC 9525, 6.3), and a wildcard stands for a whole label.
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    base::error_code parse_error;
    auto const address = asio::ip::make_address(host, parse_error);
    if (!parse_error && address.is_v4()) {
        auto const bytes = address.to_v4().to_bytes();
        return X509_VERIFY_PARAM_set1_ip(parameters, bytes.data(), bytes.size()) == 1;
    }
    if (!parse_error) {
        auto const bytes = address.to_v6().to_bytes();
        return X509_VERIFY_PARAM_set1_ip(parameters, bytes.data(), bytes.size()) == 1;
    }
    if (host.ends_with('.')) host.pop_back();  // an absolute name in DNS; a certificate's name has no final dot
    SSL_set_tlsext_host_name(session, host.c_str());
    // OpenSSL would check nothing for an empty name, and accept every subdomain for a leading dot.
    return !host.empty() && !host.starts_with('.') && SSL_set1_host(session, host.c_str()) == 1;
}

/// Whether a ServerHello is a HelloRetryRequest, which has a fixed random value: RFC 8446, 4.1.3.
bool is_retry_request(std::string_view message)
{
    constexpr std::string_view random = "\xcf\x21\xad\x74\xe5\x9a\x61\x11";  // the first bytes
    return message.size() > 6 && message.substr(6).starts_with(random);
}

ssl_handle make_session(ssl_ctx_st* context, ciphertext& bytes)
{
    ssl_handle session{SSL_new(context)};
    if (!session) throw std::bad_alloc{};
    auto* const bio = make_bio(bytes);
    SSL_set_bio(session.get(), bio, bio);
    return session;
}

}  // namespace

engine::engine(server_context const& context) : session_(make_session(context.native(), bytes_)), awaits_hello_(true)
{
    SSL_set_accept_state(session_.get());
    set_message_callback();
}

engine::engine(client_context const& context, std::string const& host)
    : session_(make_session(context.native(), bytes_)), awaits_hello_(false)
{
    SSL_set_connect_state(session_.get());
    set_message_callback();
    checks_host_ = expect_host(session_.get(), host);
    ERR_clear_error();  // a host that no certificate can be valid for is not an error here
}

void engine::set_message_callback() noexcept
{
    SSL_set_msg_callback(session_.get(), on_message);
    SSL_set_msg_callback_arg(session_.get(), this);
}

/// Called for each message. OpenSSL does not limit key updates, and does not offer a second ClientHello for inspection.
void engine::on_message(int is_write, int, int type, void const* bytes, std::size_t size, ssl_st*, void* self) noexcept
{
    if (type != SSL3_RT_HANDSHAKE || size == 0) return;
    auto& owner = *static_cast<engine*>(self);
    std::string_view const message{static_cast<char const*>(bytes), size};
    if (is_write == 0 && message[0] == SSL3_MT_KEY_UPDATE && ++owner.key_updates_ > max_key_updates) {
        owner.bytes_.stop_input();
    } else if (is_write != 0 && message[0] == SSL3_MT_SERVER_HELLO) {
        owner.is_hello_answered_ = true;
        owner.awaits_hello_ = is_retry_request(message);
        if (owner.awaits_hello_) owner.bytes_.stop_input();
    }
}

bool engine::has_client_hello() const noexcept
{
    return awaits_hello_ && hello_state() != client_hello_state::partial;
}

/// A ClientHello that is incomplete while the input buffer is full is too large.
client_hello_state engine::hello_state() const noexcept
{
    auto const state = find_client_hello(bytes_.input());
    bool const is_full = bytes_.input().size() == ciphertext::input_size;
    return state == client_hello_state::partial && is_full ? client_hello_state::too_large : state;
}

engine::progress engine::handshake()
{
    if (error_) return progress::failed;
    if (awaits_hello_) {
        auto const state = hello_state();
        if (state == client_hello_state::too_large) return fail(errc::hello_too_large);
        if (state == client_hello_state::partial && bytes_.has_input_ended()) return fail(errc::truncated);
        if (state == client_hello_state::partial) return progress::wants_input;
        is_hello_answered_ = false;
        bytes_.resume_input();
    }
    ERR_clear_error();
    auto const outcome = SSL_do_handshake(session_.get());
    if (outcome != 1) {
        auto const step = progress_after(outcome);
        // OpenSSL skips some records. A ClientHello after them would not be checked.
        bool const is_skipped = step == progress::wants_input && awaits_hello_ && !is_hello_answered_;
        return is_skipped ? fail(errc::no_hello) : step;
    }
    if (!agreed_on_protocol()) return fail(errc::no_protocol);
    established_ = true;
    return progress::done;
}

agreement engine::agreement() const
{
    auto* const session = session_.get();
    auto const* const group = SSL_group_to_name(session, static_cast<int>(SSL_get_negotiated_group(session)));
    return {SSL_get_version(session), SSL_get_cipher_name(session), group == nullptr ? "" : group};
}

bool engine::agreed_on_protocol() const
{
    unsigned char const* chosen = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(session_.get(), &chosen, &size);
    return std::string_view{reinterpret_cast<char const*>(chosen), size} == protocol;
}

engine::progress engine::read(std::span<std::byte> buffer, std::size_t& size)
{
    size = 0;
    if (error_) return progress::failed;
    while (size < buffer.size()) {
        ERR_clear_error();
        std::size_t decrypted = 0;
        auto const outcome = SSL_read_ex(session_.get(), buffer.data() + size, buffer.size() - size, &decrypted);
        if (key_updates_ > max_key_updates) return fail(errc::too_many_keys);
        if (outcome != 1) {
            auto const step = progress_after(outcome);
            if (size == 0) return step;
            break;  // return the data before it; the next call has the same result
        }
        size += decrypted;
        key_updates_ = 0;
        if (!bytes_.has_input() && SSL_has_pending(session_.get()) == 0) break;
    }
    return progress::done;
}

engine::progress engine::write(base::bytes_view plaintext, std::size_t& size)
{
    size = 0;
    if (error_) return progress::failed;
    if (plaintext.empty()) return progress::done;
    auto const part = plaintext.first(std::min(plaintext.size(), max_write));
    bytes_.reserve_output(part.size() + (part.size() / SSL3_RT_MAX_PLAIN_LENGTH + 1) * record_overhead);
    while (size < part.size()) {
        ERR_clear_error();
        std::size_t encrypted = 0;
        auto const outcome = SSL_write_ex(session_.get(), part.data() + size, part.size() - size, &encrypted);
        if (outcome != 1) return progress_after(outcome);
        size += encrypted;
    }
    return progress::done;
}

void engine::close()
{
    if (error_ || !established_) return;
    ERR_clear_error();
    SSL_shutdown(session_.get());
    ERR_clear_error();
}

engine::progress engine::progress_after(int outcome)
{
    switch (SSL_get_error(session_.get(), outcome)) {
        case SSL_ERROR_WANT_READ:
            return progress::wants_input;
        case SSL_ERROR_ZERO_RETURN:
            return progress::ended;
        case SSL_ERROR_SYSCALL:
            if (!bytes_.is_exhausted()) return fail(errc::too_much_output);
            [[fallthrough]];
        default:
            if (bytes_.is_exhausted()) return fail(errc::truncated);
            return fail(take_openssl_error());
    }
}

engine::progress engine::fail(base::error_code cause)
{
    ERR_clear_error();
    error_ = cause;
    return progress::failed;
}

/// The fingerprint of the trust anchor at the end of the verified chain.
std::string engine::authority() const
{
    auto* const chain = SSL_get0_verified_chain(session_.get());
    auto const size = sk_X509_num(chain);
    return size > 0 ? fingerprint(*sk_X509_value(chain, size - 1)) : std::string{};
}

peer_identity engine::peer() const
{
    peer_identity identity;
    auto* const certificate = SSL_get0_peer_certificate(session_.get());
    if (certificate == nullptr) return identity;
    identity.fingerprint = fingerprint(*certificate);
    auto const verify_result = SSL_get_verify_result(session_.get());
    identity.system_verified = verify_result == X509_V_OK && checks_host_;
    if (identity.system_verified) identity.authority = authority();
    identity.certificate_error = explain_verify_result(*certificate, verify_result, base::system_clock{}.now());
    return identity;
}

}  // namespace porter::detail::tls
