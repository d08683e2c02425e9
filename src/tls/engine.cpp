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

/// What the certificate is to be verified for; a name is also sent (SNI, RFC 6066), an address is not.
/// False: no certificate can be for it.
bool expect_host(SSL* session, std::string host)
{
    auto* const wanted = SSL_get0_param(session);
    // A subject is no name of a host (RFC 9525, 6.3), and a wildcard stands for a whole label.
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    base::error_code no_address;
    auto const address = asio::ip::make_address(host, no_address);
    if (!no_address && address.is_v4()) {
        auto const bytes = address.to_v4().to_bytes();
        return X509_VERIFY_PARAM_set1_ip(wanted, bytes.data(), bytes.size()) == 1;
    }
    if (!no_address) {
        auto const bytes = address.to_v6().to_bytes();
        return X509_VERIFY_PARAM_set1_ip(wanted, bytes.data(), bytes.size()) == 1;
    }
    if (host.ends_with('.')) host.pop_back();  // absolute in DNS, but no part of a certificate's name
    SSL_set_tlsext_host_name(session, host.c_str());
    // OpenSSL takes an empty name for none to check, and one with a leading dot for every host below it.
    return !host.empty() && !host.starts_with('.') && SSL_set1_host(session, host.c_str()) == 1;
}

/// Whether a ServerHello is a HelloRetryRequest, which has a random value of its own: RFC 8446, 4.1.3.
bool is_retry_request(std::string_view message)
{
    constexpr std::string_view random = "\xcf\x21\xad\x74\xe5\x9a\x61\x11";  // its first bytes
    return message.size() > 6 && message.substr(6).starts_with(random);
}

ssl_handle make_session(ssl_ctx_st* context, ciphertext& bytes)
{
    ssl_handle made{SSL_new(context)};
    if (!made) throw std::bad_alloc{};
    auto* const bio = make_bio(bytes);
    SSL_set_bio(made.get(), bio, bio);
    return made;
}

}  // namespace

engine::engine(server_context const& context) : session_(make_session(context.native(), bytes_)), awaits_hello_(true)
{
    SSL_set_accept_state(session_.get());
    watch_messages();
}

engine::engine(client_context const& context, std::string const& host)
    : session_(make_session(context.native(), bytes_)), awaits_hello_(false)
{
    SSL_set_connect_state(session_.get());
    watch_messages();
    checks_host_ = expect_host(session_.get(), host);
    ERR_clear_error();  // a name that cannot stand in a certificate is verified by nobody, and no failure
}

void engine::watch_messages() noexcept
{
    SSL_set_msg_callback(session_.get(), note_message);
    SSL_set_msg_callback_arg(session_.get(), this);
}

/// OpenSSL calls this for each message: it neither counts key updates, nor lets us look at a second ClientHello.
void engine::note_message(int is_ours, int, int type, void const* bytes, std::size_t size, ssl_st*, void* self) noexcept
{
    if (type != SSL3_RT_HANDSHAKE || size == 0) return;
    auto& mine = *static_cast<engine*>(self);
    std::string_view const message{static_cast<char const*>(bytes), size};
    if (is_ours == 0 && message[0] == SSL3_MT_KEY_UPDATE && ++mine.key_updates_ > max_key_updates) {
        mine.bytes_.stop_input();
    } else if (is_ours != 0 && message[0] == SSL3_MT_SERVER_HELLO) {
        mine.is_hello_answered_ = true;
        mine.awaits_hello_ = is_retry_request(message);
        if (mine.awaits_hello_) mine.bytes_.stop_input();
    }
}

bool engine::has_client_hello() const noexcept
{
    return awaits_hello_ && hello_state() != client_hello_state::partial;
}

/// A ClientHello that is not complete although there is no room for more of it is too large.
client_hello_state engine::hello_state() const noexcept
{
    auto const found = find_client_hello(bytes_.input());
    bool const is_full = bytes_.input().size() == ciphertext::input_size;
    return found == client_hello_state::partial && is_full ? client_hello_state::too_large : found;
}

engine::progress engine::handshake()
{
    if (error_) return progress::failed;
    if (awaits_hello_) {
        auto const state = hello_state();
        if (state == client_hello_state::too_large) return fail(errc::hello_too_large);
        if (state == client_hello_state::partial && bytes_.is_input_over()) return fail(errc::truncated);
        if (state == client_hello_state::partial) return progress::wants_input;
        is_hello_answered_ = false;
        bytes_.resume_input();
    }
    ERR_clear_error();
    auto const outcome = SSL_do_handshake(session_.get());
    if (outcome != 1) {
        auto const got = check_certificate(outcome);
        // OpenSSL passes over some records, behind which a ClientHello would not be looked for.
        bool const is_passed_over = got == progress::wants_input && awaits_hello_ && !is_hello_answered_;
        return is_passed_over ? fail(errc::no_hello) : got;
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

engine::progress engine::read(std::span<std::byte> room, std::size_t& size)
{
    size = 0;
    if (error_) return progress::failed;
    while (size < room.size()) {
        ERR_clear_error();
        std::size_t got = 0;
        auto const outcome = SSL_read_ex(session_.get(), room.data() + size, room.size() - size, &got);
        if (key_updates_ > max_key_updates) return fail(errc::too_many_keys);
        if (outcome != 1) {
            auto const stopped = check_certificate(outcome);
            if (size == 0) return stopped;
            break;  // first what came before it; the next call tells the same again
        }
        size += got;
        key_updates_ = 0;
        if (!bytes_.has_input() && SSL_has_pending(session_.get()) == 0) break;
    }
    return progress::done;
}

engine::progress engine::write(base::bytes_view plain, std::size_t& size)
{
    size = 0;
    if (error_) return progress::failed;
    if (plain.empty()) return progress::done;
    auto const part = plain.first(std::min(plain.size(), most_at_once));
    while (size < part.size()) {
        ERR_clear_error();
        std::size_t taken = 0;
        auto const outcome = SSL_write_ex(session_.get(), part.data() + size, part.size() - size, &taken);
        if (outcome != 1) return check_certificate(outcome);
        size += taken;
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

engine::progress engine::check_certificate(int outcome)
{
    switch (SSL_get_error(session_.get(), outcome)) {
        case SSL_ERROR_WANT_READ:
            return progress::wants_input;
        case SSL_ERROR_ZERO_RETURN:
            return progress::ended;
        case SSL_ERROR_SYSCALL:
            if (!bytes_.has_ended()) return fail(errc::too_much_output);
            [[fallthrough]];
        default:
            if (bytes_.has_ended()) return fail(errc::truncated);
            return fail(take_openssl_error());
    }
}

engine::progress engine::fail(base::error_code why)
{
    ERR_clear_error();
    error_ = why;
    return progress::failed;
}

/// The fingerprint of the trust anchor that the verified chain ends with.
std::string engine::authority() const
{
    auto* const chain = SSL_get0_verified_chain(session_.get());
    auto const size = sk_X509_num(chain);
    return size > 0 ? fingerprint(*sk_X509_value(chain, size - 1)) : std::string{};
}

peer_identity engine::peer() const
{
    peer_identity found;
    auto* const certificate = SSL_get0_peer_certificate(session_.get());
    if (certificate == nullptr) return found;
    found.fingerprint = fingerprint(*certificate);
    auto const verdict = SSL_get_verify_result(session_.get());
    found.system_verified = verdict == X509_V_OK && checks_host_;
    if (found.system_verified) found.authority = authority();
    found.verdict = explain_verdict(*certificate, verdict, base::system_clock{}.now());
    return found;
}

}  // namespace porter::detail::tls
