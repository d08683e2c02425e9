#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "porter/access.hpp"
#include "porter/connection.hpp"
#include "porter/host_key_policy.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"

namespace porter {

namespace detail::client {
class connection_impl;
class persistent_connection;
}  // namespace detail::client

/// What failed. A std::error_code enum: 0 is success, and no value of this type.
enum class client_errc : std::uint8_t {
    unreachable = 1,     ///< connecting failed; see `system`
    timed_out = 2,       ///< connecting, the welcome or the reply to a request took longer than the options allow
    lost = 3,            ///< the connection ended without a `closing`; see `system`
    closed = 4,          ///< the server closed the connection with `code`
    denied = 5,          ///< the server denied the request with `code`; the connection stays open
    protocol = 6,        ///< the server violated the protocol; the connection was closed
    not_sent = 7,        ///< this library rejected the request and sent nothing; the connection stays open
    unknown_server = 8,  ///< the key `server_key` is not known and no authority certifies it; nothing was sent
    untrusted = 9,       ///< the server's key is not the expected one, or the check failed; nothing was sent
};

/// The category of client_errc, named "porter.client". Its messages are sentences for a person.
std::error_category const& client_category() noexcept;

/// So a client_errc converts to and compares with a std::error_code.
inline std::error_code make_error_code(client_errc value) noexcept
{
    return {static_cast<int>(value), client_category()};
}

/// Why a connection or a request failed. `cause` is what failed. For every cause, `code` is for programs and `reason`
/// is a line for people.
struct client_error : error {
    client_error() = default;  ///< lost, without a reason
    /// An error with its parts.
    client_error(client_errc cause_, error base, std::error_code system_ = {})
        : error(std::move(base)), cause(cause_), system(system_)
    {}

    /// Whether the same would fail again, so that a client must not repeat it by itself. A connection that could not be
    /// made, took too long or was lost is not final; a server that is not trusted or violated the protocol is.
    bool is_final() const noexcept;

    client_errc cause = client_errc::lost;  ///< what failed
    std::error_code system;                 ///< set for unreachable and lost, where the system gave a reason
    std::string server_key;  ///< unknown_server and untrusted: the fingerprint of the key that the server presented
    std::string known_key;   ///< untrusted: the fingerprint of the expected key, if there is one
    /// unknown_server: why the certificate was not accepted, as a predicate such as "expired on 2026-11-27". Printable
    /// ASCII. Empty: the certificate is self-signed.
    std::string certificate_error;
};

/// One line for a person, e.g. "denied: bad_credentials: unknown name or wrong password". It contains the server's text
/// unchanged: escape it before you write it to a terminal.
std::string describe(client_error const& error);

/// A value or an error.
template <typename T>
using client_result = result<T, client_error>;

/// The transport of a connection. A client never falls back from TLS to plain TCP.
enum class transport : std::uint8_t {
    tls,    ///< TLS 1.3, with a server that is trusted
    plain,  ///< plain TCP: the network can read passwords and tokens, and can impersonate the server
};

/// The options of a connection.
///
/// Name the object before the co_await: g++ 12 destroys a braced temporary twice in a co_await statement, so `connect`
/// does not take one.
struct client_options {
    porter::transport transport = porter::transport::tls;  ///< the client never falls back to plain TCP
    porter::host_key_policy host_key_policy = porter::host_key_policy::strict;  ///< which keys are accepted; over TLS

    /// The file of the known keys, one a line. The calling thread reads it for each connection and writes it when it
    /// adds a key. Empty: $XDG_STATE_HOME/porter/known_servers, else ~/.local/state/porter/known_servers, the file of
    /// the program `porter`.
    std::filesystem::path known_servers{};

    /// Called with one line for a person for each problem that does not end the connection, such as an invalid line in
    /// known_servers. May be unset.
    std::function<void(std::string const&)> warn{};

    /// The limit for each of these: connecting, the welcome, the reply to each request.
    std::chrono::milliseconds timeout = std::chrono::seconds{20};

    /// The client's name for the server's log, in UTF-8. Up to 64 bytes are useful.
    std::string agent = "porter-client";

    /// The limit of messages that have arrived and wait for a receive, in bytes with a small overhead for each message.
    /// Up to here the client reads what comes. Above, it reads just fast enough that the server does not close the
    /// connection as slow_consumer: about 100 KB a second, or 200 KB with the largest buffers of the kernel.
    std::size_t receive_buffer = std::size_t{8} * 1024 * 1024;

    /// Where the client stops reading, until messages are received. A server then closes the connection after 10 s:
    /// `ended()` is lost, with slow_consumer as its code. Less than `receive_buffer` is the same as `receive_buffer`.
    std::size_t max_receive_buffer = std::size_t{256} * 1024 * 1024;

    /// Whether the client may go on sending after the server's closing(normal). A service that passes on a byte stream
    /// ends one direction by it and still takes the other one. Receives then end, `receive_ended()` is true, requests
    /// fail, and `ended()` stays null until close() or a failure. A persistent client ignores this.
    bool half_close = false;
};

/// The server's welcome.
struct server_info {
    porter::access access = porter::access::authenticate;  ///< what it requires of a client
    std::string agent;                                     ///< such as "porterd/0.2.0"
    std::string known_as;         ///< the name last used from this machine's address, without proof; may be empty
    std::uint32_t max_frame = 0;  ///< the largest payload that may be sent, in bytes: a text of one byte less
};

/// Access, as the server granted it.
struct access_granted {
    porter::auth_method auth_method = porter::auth_method::open;  ///< how it was got
    std::string name;                                             ///< empty in open access
    std::uint64_t session_id = 0;                                 ///< 0 without an account
    std::string token;  ///< of a new session: sent once, as secret as a password; the caller wipes it
    std::chrono::sys_seconds expires_at{};                  ///< the session's absolute end; 0 without a session
    std::optional<std::chrono::sys_seconds> last_login_at;  ///< the account's previous login; none: this is the first
    std::string last_address;                               ///< the address of that login; may be empty
    std::uint32_t failed_since = 0;                         ///< failed password attempts since then
};

/// One of the account's sessions.
struct session_info {
    std::uint64_t id = 0;                     ///< for revoke()
    std::chrono::sys_seconds created_at{};    ///< when a login or registration opened it
    std::chrono::sys_seconds last_used_at{};  ///< when a connection last used it
    std::chrono::sys_seconds expires_at{};    ///< its absolute end
    std::string address;                      ///< the address that opened or last resumed it
    bool current = false;                     ///< whether it is the session of this connection
};

/// Which sessions a logout ends.
enum class logout_scope : std::uint8_t {
    this_session = 0,   ///< that of the connection
    every_session = 1,  ///< every session of the account, on all machines
};

/// A client connection: connects, gets access, exchanges messages.
///
///     porter::client_options options{.host_key_policy = porter::host_key_policy::accept_new};
///     auto conn = co_await porter::client::connect("localhost", 7678, options);
///     if (!conn) co_return explain(conn.error());
///     auto access = co_await conn->login("Alice", password);
///     if (!access) co_return explain(access.error());
///     auto sent = co_await conn->send("hello");
///     if (!sent) co_return explain(sent.error());
///     auto reply = co_await conn->receive_text();
///
/// For a client that connects again by itself see porter/persistent_client.hpp.
///
/// Threads: use a client only on the I/O thread that created it.
///
/// Concurrency: one coroutine may receive while any others send and make requests. A second receive at the same time
/// throws std::logic_error. The client answers pings by itself at any time.
///
/// Cancellation: every operation can be cancelled, as by `||` of asio::experimental::awaitable_operators, and then
/// throws asio::error::operation_aborted. A receive that is cancelled loses nothing: the next one gets the message. A
/// send that is cancelled has queued its message, which is written. A request that is cancelled may have been carried
/// out; its reply is skipped.
///
/// Errors: no call throws for a denied request or a lost connection.
///
/// A server that is gone without a word, such as after a power failure: the connection ends as `lost` within about a
/// minute. TCP keepalive probes a silent server after 30 s and then each 10 s, three times. While output is
/// outstanding, the client ends the connection when the server's system has acknowledged nothing for 40 s to 60 s
/// although the client's system tries again. A server that acknowledges, but reads slowly or not at all, is not
/// disconnected.
///
/// Lifetime: destroying a client drops the connection and ends all pending operations. `close()` closes it in order.
class client {
public:
    ///@{
    /// Connects and receives the server's welcome. In open access, and in identify access when the server knows the
    /// address, access is `granted()` when this returns. `host` is a name or an IP address. Of the addresses of
    /// a name the one that accepts first is used (happy eyeballs, RFC 8305): IPv6 and IPv4 alternate, an attempt begins
    /// 250 ms after the one before it or when that fails, and the first success ends the others. Failures: unreachable,
    /// timed_out, lost; unknown_server and untrusted (see `host_key_policy`); protocol, also when the port does not
    /// serve this protocol over TLS 1.3; closed (server_full, unsupported_version, tls_required over plain TCP, ...).
    ///
    /// A server that is full or stopping may reject a TLS client before it answers the ClientHello, with a plaintext
    /// frame. That is reported as closed with `unavailable`: retry later. The frame is not authenticated, so the client
    /// reads at most 1 KiB, reports none of its content and never sends plaintext.
    static task<client_result<client>> connect(std::string host, std::uint16_t port);
    static task<client_result<client>> connect(std::string host, std::uint16_t port, client_options const& options);
    ///@}
    static task<client_result<client>> connect(std::string host, std::uint16_t port, client_options&&) = delete;

    client(client&&) noexcept;             ///< pending operations go on; the source can only be assigned to
    client& operator=(client&&) noexcept;  ///< drops the connection that it had
    ~client();

    /// The server's welcome.
    server_info const& server() const noexcept;

    /// Whether the server's address is not a loopback address.
    bool is_remote() const noexcept;

    /// The fingerprint of the server's key; empty over plain TCP.
    std::string const& server_key() const noexcept;

    /// The fingerprint of the key of the authority that certified the server, if trust_source() is
    /// certificate_authority; else empty. A token may be sent to a later server of that host and port that the same
    /// authority certified: a renewal may change the server's own key.
    std::string const& server_authority() const noexcept;

    /// Why the server's key was accepted.
    porter::trust_source trust_source() const noexcept;

    /// The access that was granted, without its token; null before.
    access_granted const* granted() const noexcept;

    /// Why the connection has ended; null while it is open. After `close()`: closed, normal.
    client_error const* ended() const noexcept;

    /// Whether the server will send no more messages: the connection has ended, or, with client_options::half_close,
    /// the server has sent closing(normal). Messages that arrived before can still be received.
    bool receive_ended() const noexcept;

    /// @name Access
    /// After `denied` the client may try again, up to five times on a connection; a reply that takes longer than
    /// client_options::timeout ends the connection with timed_out. Once access is granted, all but identify() fail with
    /// not_sent(not_supported). Passwords and tokens are taken by value and wiped, here and in the output buffer, once
    /// they are sent: move yours in and no copy is left.
    ///@{

    /// Proves an account by its password. Denied: bad_credentials, throttled, busy, unavailable, not_supported;
    /// second_factor: the password was right, and prove() must follow on this connection.
    task<client_result<access_granted>> login(std::string name, std::string password);

    /// Ends a login or a redeem that was denied by second_factor, with a one-time code of the user's authenticator or a
    /// recovery code. Each is accepted once. Denied: bad_credentials (a wrong or used code: try again), throttled,
    /// busy, unavailable, not_supported; after a redeem also invalid_code.
    task<client_result<access_granted>> prove(std::string code);

    /// Registers an account. Denied: registration_closed, invalid_name, weak_password, name_taken; throttled, busy,
    /// unavailable, not_supported.
    task<client_result<access_granted>> register_account(std::string name, std::string password);

    /// Redeems a code that an administrator has given: that of an invitation registers an account of this name, also
    /// where registration is closed; that of a reset gives the account of this name another password and ends its other
    /// sessions. is_access_code() tells a mistyped code before it is sent. Denied: invalid_code, invalid_name,
    /// weak_password, name_taken, bad_credentials (the account is disabled), throttled, busy, unavailable,
    /// not_supported; second_factor: the account of a reset has one, and prove() must follow on this connection. A
    /// server that does not know codes closes the connection with protocol_error.
    task<client_result<access_granted>> redeem(std::string code, std::string name, std::string password);

    /// Resumes a session. Denied: invalid_token (delete the token), tls_required, throttled, busy, unavailable,
    /// not_supported.
    task<client_result<access_granted>> resume(std::string token);

    /// Gives a name where the server requires no proof; after access it renames this machine's address. Denied:
    /// invalid_name, unavailable, not_supported.
    task<client_result<access_granted>> identify(std::string name);
    ///@}

    /// @name Messages
    /// After access. queue() and send() take a text, which must be valid UTF-8, or a message of either kind;
    /// queue_data() and send_data() take bytes. All of them copy what they get before they return, so it may be a
    /// temporary. Failures, of which a message that was not sent is reported nowhere else: not_sent: invalid_utf8,
    /// frame_too_large (above the server's limit), unauthorized (no access yet); or why the connection has ended.
    ///@{

    /// Queues a message, which is written without further calls, together with others. Never suspends, and sets no
    /// bound to the queue: call flush() now and then.
    client_result<void> queue(std::string_view text);
    client_result<void> queue(message const& outgoing);      ///< the same for a message of either kind
    client_result<void> queue_data(std::string_view bytes);  ///< the same for bytes

    /// Waits until all that was queued before has been written to the system's socket, which does not mean that the
    /// server has received it. Fails with the reason if the connection ends before.
    task<client_result<void>> flush();

    /// Queues a message, when it is called, and flushes, when it is awaited.
    task<client_result<void>> send(std::string_view text);
    task<client_result<void>> send(message const& outgoing);  ///< the same for a message of either kind

    /// The same for bytes. A service that takes only texts denies them, and the connection stays open: see
    /// `refused_data()`.
    task<client_result<void>> send_data(std::string_view bytes);

    /// Ends the client's direction: writes the queue and shuts down the sending side (over TLS close_notify, then FIN),
    /// when it is awaited. Receives go on until the server ends the connection; a server replies to all that was sent
    /// before. `ended()` is closed, normal then, also without a `closing` of the server. From then on queue(), send()
    /// and requests fail with not_sent(not_supported), and pings are not answered. Failures: not_sent(unauthorized)
    /// before access; why the connection has ended. A second call does the same as the first. When it is cancelled, the
    /// sending side is shut down all the same.
    task<client_result<void>> shutdown_send();

    /// The latest `denied` for bytes sent by send_data(); null if there was none.
    client_error const* refused_data() const noexcept;

    /// Waits for the next message. Empty: the connection has ended, see `ended()`, or with client_options::half_close
    /// the server's direction has, see `receive_ended()`; messages that arrived before the end are returned first. The
    /// message is valid until the next receive.
    task<std::optional<message>> receive();

    /// The same with a deadline: `ended`, or `timed_out` if no message has arrived after `limit`. A time-out loses
    /// nothing. A limit of 0: only what has arrived.
    task<result<message, receive_errc>> receive_for(std::chrono::nanoseconds limit);

    /// The next message that has already arrived, or null. Never suspends. Valid until the next receive.
    message const* next();

    /// Waits for the next text and returns a copy; skips data messages. Empty: the connection has ended.
    task<std::optional<std::string>> receive_text();

    /// The same with a deadline for the text, however many data messages come before it.
    task<result<std::string, receive_errc>> receive_text_for(std::chrono::nanoseconds limit);

    /// Waits until the connection has ended: `ended()` says why. For a coroutine that waits for something else, too:
    /// `co_await (conn.closed() || other())`.
    task<void> closed();
    ///@}

    /// @name Account requests
    /// After access by an account; otherwise they fail with denied(not_supported) and send nothing. Several may be
    /// pending at once: the server replies in order. Messages that arrive before the reply are kept for receive(). A
    /// reply that takes longer than client_options::timeout: timed_out. The connection stays open and the late reply is
    /// skipped, so the request may still be carried out. identify() after access does the same.
    ///@{

    /// The sessions of the account, on all machines. Denied: unavailable.
    task<client_result<std::vector<session_info>>> sessions();

    /// Ends a session of the account. Denied: not_found, unavailable.
    task<client_result<void>> revoke(std::uint64_t session_id);

    /// Ends every other session of the account as well. Denied: bad_credentials, weak_password, throttled, busy,
    /// unavailable.
    task<client_result<void>> change_password(std::string current, std::string new_password);

    /// Begins to set up a second factor: one-time codes (TOTP). Returns an otpauth:// URI for an authenticator, as a QR
    /// code or typed. It contains the secret: the caller wipes it. Nothing changes before confirm_second_factor() on
    /// the same connection. Denied: second_factor (the account has one already), not_found (the server
    /// keeps none), unavailable.
    task<client_result<std::string>> begin_second_factor();

    /// Confirms the second factor by a first one-time code. From then on a login asks for a code; resuming a session
    /// does not. Returns the recovery codes, which replace a one-time code, each once; the server cannot show them
    /// again. They are as secret as a password: the caller wipes them. Denied: bad_credentials (a wrong code: try
    /// again), not_found (begin first), second_factor (the account has one already), unavailable.
    task<client_result<std::vector<std::string>>> confirm_second_factor(std::string code);

    /// Removes the second factor, with a one-time code or a recovery code. Denied: bad_credentials, not_found (there is
    /// none), throttled, busy, unavailable.
    task<client_result<void>> remove_second_factor(std::string code);

    /// Ends the session, or all sessions of the account; the server closes the connection (normal). Denied:
    /// unavailable.
    task<client_result<void>> logout(logout_scope scope = logout_scope::this_session);
    ///@}

    /// Closes the connection in order: writes the queue and a closing(normal), unless shutdown_send() was called, then
    /// reads and discards input for up to 2 s, until the server closes. Does nothing when the connection has ended.
    /// Messages that have arrived can still be received, after this and after any other end.
    task<void> close();

private:
    friend class detail::client::persistent_connection;
    explicit client(std::shared_ptr<detail::client::connection_impl> impl);
    static task<client_result<client>> connect_to(std::string host, std::uint16_t port, client_options options);

    std::shared_ptr<detail::client::connection_impl> impl_;  // shared with the pending operations
};

}  // namespace porter

template <>
struct std::is_error_code_enum<porter::client_errc> : std::true_type {};
