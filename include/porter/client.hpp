#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "porter/access.hpp"
#include "porter/connection.hpp"
#include "porter/error.hpp"
#include "porter/host_key_policy.hpp"
#include "porter/task.hpp"

namespace porter {

namespace detail::client {
class connection_impl;
}

/// Where a client_error comes from.
enum class client_errc : std::uint8_t {
    unreachable,     ///< no connection came about; `system` says why
    timed_out,       ///< connecting, the welcome or the answer about access took longer than the options allow
    lost,            ///< the connection broke without a word; `system` says how
    closed,          ///< the server closed the connection, saying `what`
    denied,          ///< the server refused the request, saying `what`; the connection goes on
    protocol,        ///< the server said something that the protocol does not have; the connection was closed
    not_sent,        ///< refused by this library before anything was sent; the connection goes on
    unknown_server,  ///< nobody vouches for the key `server_key`, so far: nothing was sent to the server
    untrusted,       ///< the server's key is not the right one, or that cannot be found out: nothing was sent
};

/// Why the client has no connection, or did not get what it asked for. `code` is the code to go by and `reason` the
/// line to show, wherever the error comes from; `cause` says where that is.
struct client_error : error {
    client_error() = default;
    client_error(client_errc cause_, error base, std::error_code system_ = {})
        : error(std::move(base)), cause(cause_), system(system_)
    {}

    client_errc cause = client_errc::lost;
    std::error_code system;  ///< set for unreachable and lost, where the system gave a reason
    std::string server_key;  ///< unknown_server and untrusted: the fingerprint of the key that the server showed
    std::string known_key;   ///< untrusted: the fingerprint of the one that it should have been, if that is known
    /// unknown_server: why no authority vouches for the key, with "its certificate" for its subject, such as "expired
    /// on 2026-11-27". Printable ASCII. Empty: the certificate is signed by itself.
    std::string certificate_error;
};

/// One line for a person, e.g. "denied: bad_credentials: unknown name or wrong password". What the server chose to say
/// stands in it as it came: escape it before it goes to a terminal.
std::string describe(client_error const& failed);

/// A value or the reason why there is none.
template <typename T>
using client_result = result<T, client_error>;

/// How the bytes travel. A client never goes from the one to the other by itself.
enum class transport : std::uint8_t {
    tls,    ///< TLS 1.3, with a server that is trusted
    plain,  ///< plain TCP: everybody on the way reads passwords and tokens, and anybody may answer
};

/// What a client is told before it connects.
///
/// Name it before the co_await: g++ 12 destroys a braced temporary twice when it stands in a co_await statement, so
/// `connect` does not take one.
struct client_options {
    porter::transport transport = porter::transport::tls;
    porter::host_key_policy host_key_policy =
        porter::host_key_policy::strict;  ///< which servers are the right ones; over TLS

    /// The file of the keys that are known, a line each. It is read for each connection and written when a first key
    /// is kept, by the calling thread. Empty: $XDG_STATE_HOME/porter/known_servers, else
    /// ~/.local/state/porter/known_servers, which is porter's own.
    std::filesystem::path known_servers{};

    /// Hears what a person should be told although the connection goes on, a line at a time: such as a line of
    /// known_servers that says nothing. May be unset.
    std::function<void(std::string const&)> warn{};

    /// How long each of these may take: connecting, the welcome, each answer about access.
    std::chrono::milliseconds timeout = std::chrono::seconds{20};

    /// What the client calls itself, up to 64 bytes of UTF-8 are of use to the server's operator.
    std::string agent = "porter-client";
};

/// What the server said about itself in its welcome.
struct server_info {
    porter::access access = porter::access::authenticate;  ///< what it wants from a visitor
    std::string agent;                                     ///< such as "porterd/0.1.0"
    std::string known_as;         ///< the name last seen at this machine's address: a hint, never a proof; or empty
    std::uint32_t max_frame = 0;  ///< the longest payload that may be sent, in bytes: a text of one byte less
};

/// Access, as the server granted it.
struct access_granted {
    porter::auth_method auth_method = porter::auth_method::open;
    std::string name;              ///< empty in open access
    std::uint64_t session_id = 0;  ///< 0 without an account
    std::string token;             ///< of a session just opened: shown once, worth a password, the caller's to wipe
    std::chrono::sys_seconds expires_at{};                  ///< the session's absolute end; 0 without one
    std::optional<std::chrono::sys_seconds> last_login_at;  ///< the account's previous login; none: this is the first
    std::string last_address;                               ///< where that was from; may be empty
    std::uint32_t failed_since = 0;                         ///< failed password tries since then
};

/// One of the account's sessions.
struct session_info {
    std::uint64_t id = 0;
    std::chrono::sys_seconds created_at{};
    std::chrono::sys_seconds last_used_at{};
    std::chrono::sys_seconds expires_at{};
    std::string address;   ///< where it was opened or last resumed from
    bool current = false;  ///< the one of this connection
};

enum class logout_scope : std::uint8_t {
    this_session = 0,
    every_session = 1,  ///< of the account, on whichever machine
};

/// The visitor's side of the door: connects, gets access, talks.
///
///     porter::client_options options{.trust = porter::trust::first_use};
///     auto door = co_await porter::client::connect("localhost", 7678, options);
///     if (!door) co_return explain(door.error());
///     auto access = co_await door->login("Alice", password);
///     if (!access) co_return explain(access.error());
///     auto sent = co_await door->send("hello");
///     auto answer = co_await door->receive_text();
///
/// It lives on the I/O thread it was made on; use it there only. Both directions work at once: one coroutine may
/// receive while others send and ask. Pings are answered underneath at any time. Nothing throws for a refusal or a
/// lost connection; only a cancelled coroutine ends with asio::error::operation_aborted, as everywhere in Asio.
/// Destroying a client cuts the connection; whatever still waits on it ends. `close()` takes leave first.
class client {
public:
    /// Connects, and hears the server's welcome. In open access, and in identify access when the server knows the
    /// address, access is `granted()` when this returns. `host` is a name or an IP address; each address of a name is
    /// tried in turn, until one answers. Failures: unreachable, timed_out, lost; unknown_server and untrusted (see
    /// `trust`); protocol, also when there is no TLS 1.3 with this protocol at the port; closed (server_full,
    /// unsupported_version, tls_required over plain TCP, ...).
    ///
    /// A server that is full or stopping may turn a TLS client away before it answers the ClientHello, with a frame in
    /// the clear. That is closed with `unavailable`: come back later. Nobody vouches for it, so at most 1 KiB is read,
    /// nothing of it is passed on, and nothing is ever sent in the clear.
    static task<client_result<client>> connect(std::string host, std::uint16_t port);
    static task<client_result<client>> connect(std::string host, std::uint16_t port, client_options const& options);
    static task<client_result<client>> connect(std::string host, std::uint16_t port, client_options&&) = delete;

    client(client&&) noexcept;
    client& operator=(client&&) noexcept;
    ~client();

    server_info const& server() const noexcept;

    /// Whether the connection goes to another machine: no loopback address.
    bool is_remote() const noexcept;

    /// The fingerprint of the server's key; empty over plain TCP.
    std::string const& server_key() const noexcept;

    /// The fingerprint of the key of the authority that vouches for the server, when that is why it was trusted; else
    /// empty. A token may be offered to the next server of that host and port for which the same authority vouches: the
    /// server's own key changes with a renewal.
    std::string const& server_authority() const noexcept;

    /// Why this server was trusted.
    porter::trust_source trust_source() const noexcept;

    /// The access that was granted, without its token; null before.
    access_granted const* granted() const noexcept;

    /// Why the connection has ended; null while it lasts. After a `close()` of ours: closed, normal.
    client_error const* ended() const noexcept;

    // Access. After a denied the next try may follow, up to five on a connection (after access: not_sent, for
    // not_supported). Passwords and tokens are taken by value and wiped, here and in the output buffer, once they
    // are sent: move yours in and no copy is left.

    /// Proves an account by its password. Denied: bad_credentials, throttled, busy, unavailable, not_supported.
    task<client_result<access_granted>> login(std::string name, std::string password);

    /// Makes an account. Denied: registration_closed, invalid_name, weak_password, name_taken; busy, unavailable.
    task<client_result<access_granted>> register_account(std::string name, std::string password);

    /// Goes on in a session. Denied: invalid_token (forget the token), tls_required, unavailable, throttled.
    task<client_result<access_granted>> resume(std::string token);

    /// Says a name where the server wants no proof; after access it renames this machine's address. Denied:
    /// invalid_name, not_supported.
    task<client_result<access_granted>> identify(std::string name);

    // Talk, after access. What is sent is queued; sending waits while more than 64 KiB of it are unwritten.

    /// Sends a text. Failures: not_sent: invalid_utf8, frame_too_large (longer than the server takes), unauthorized (no
    /// access yet); or why the connection has ended.
    task<client_result<void>> send(std::string text);

    /// Sends bytes of any kind. A service that takes only texts refuses them, and the connection goes on: see
    /// `refused_data()`.
    task<client_result<void>> send_data(std::string bytes);

    /// The latest refusal of bytes sent by send_data(), null if there was none.
    client_error const* refused_data() const noexcept;

    /// Waits for the next message; empty: the connection has ended, and `ended()` says why. What came before the end is
    /// handed out first. The message is valid until the next receive. One coroutine at a time.
    task<std::optional<message>> receive();

    /// The next message that is already here, or null: a plain call that never suspends. Valid until the next receive.
    message const* next();

    /// Waits for the next text and gives a copy of it; data messages are passed over. Empty: the connection has ended.
    task<std::optional<std::string>> receive_text();

    // The account's own requests, after access by an account; elsewhere they are denied(not_supported) without asking.
    // Several may wait at once: the server answers in order. Texts that arrive meanwhile are kept for receive().

    task<client_result<std::vector<session_info>>> sessions();

    /// Ends a session of the account. Denied: not_found, unavailable.
    task<client_result<void>> revoke(std::uint64_t session_id);

    /// Ends every other session of the account as well. Denied: bad_credentials, weak_password, throttled, busy,
    /// unavailable.
    task<client_result<void>> change_password(std::string current, std::string fresh);

    /// Ends the session, or all of the account; the server closes the connection (normal). Denied: unavailable.
    task<client_result<void>> logout(logout_scope scope = logout_scope::this_session);

    /// Ends the connection in order: writes what is queued and a closing(normal), hears the server out for up to 2 s,
    /// closes. What arrives meanwhile is discarded. Does nothing when the connection has ended.
    task<void> close();

private:
    explicit client(std::shared_ptr<detail::client::connection_impl> underneath);
    static task<client_result<client>> connect_to(std::string host, std::uint16_t port, client_options options);

    std::shared_ptr<detail::client::connection_impl> impl_;  // shared with the operations that are under way
};

}  // namespace porter
