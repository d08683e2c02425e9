#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porter/client.hpp"
#include "porter/connection.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"

namespace porter {

namespace detail::client {
class persistent_connection;
}

/// What a persistent client does at the moment.
enum class client_phase : std::uint8_t {
    connecting,  ///< it connects and gets access
    connected,   ///< it has access
    waiting,     ///< for `pause`, before it connects again
    stopped,     ///< for good: `error` says why, as persistent_client::ended() does
};

/// The state of a persistent client.
struct client_state {
    client_phase phase = client_phase::connecting;  ///< what it does
    std::uint64_t connection = 0;       ///< the number of the latest connection with access, from 1; 0: none yet
    bool resumed = false;               ///< of that connection: it resumed a session, without the password
    std::chrono::milliseconds pause{};  ///< waiting: the whole pause; else 0
    /// Why the latest connection ended or failed; none: connected, or the first attempt. Once stopped it is the error
    /// of persistent_client::ended(): report it here or there, not at both.
    std::optional<client_error> error;
};

/// The options of a persistent client.
struct persistent_client_options {
    client_options connection{};  ///< of each connection; with accept_new the first one decides about the key

    /// The account, or in identify access the name. Empty: the account whose session was saved last, or the name that
    /// the server knows this address by.
    std::string name{};

    /// The account's password, for a login where there is no session to resume. Empty: only sessions are resumed. The
    /// client keeps it, to log in again when the session has ended, and wipes it at its end: move yours in. For an
    /// account with a second factor it is not enough: the client stops with second_factor, and `get_access` can prove
    /// the code that it asks a user for.
    std::string password{};

    /// Registers the account if the server denies the login with bad_credentials: it may not exist yet.
    bool register_account = false;

    /// Saves the session's token in `sessions_file`, for the next run. Otherwise it is only in memory, and close() ends
    /// the session: an account may have only a few.
    bool save_session = true;

    /// The file of saved sessions (0600). The calling thread reads and writes it, as it does known_servers. Empty:
    /// saved_sessions_file(), the file of the program `porter`.
    std::filesystem::path sessions_file{};

    /// Gets access in place of `name`, `password`, `register_account` and the saved sessions: for a program that keeps
    /// its tokens by itself, or asks a user for the password. Called on the client's thread with each new connection,
    /// which may have access already. Success: the connection has access. An error: the connection is closed, and the
    /// client connects again after a pause, or stops, as after any other error; after a closing with session_ended it
    /// connects again. The call may take as long as the server waits for a login. close() cancels it and waits for its
    /// end; the destructor only cancels it. May be unset.
    std::function<task<client_result<void>>(client&)> get_access{};

    /// Called at each change of the state, on the client's thread, and must not throw or block. May be unset.
    std::function<void(client_state const&)> on_state{};
};

/// A client that stays connected: it connects, gets access, and does so again whenever the connection is lost.
///
///     porter::persistent_client_options options{.name = "Robo", .password = password};
///     porter::persistent_client feed{executor, "example.org", 7678, std::move(options)};
///     while (auto text = co_await feed.receive_text()) show(*text);  // over any number of connections
///     explain(*feed.ended());
///
/// Access: it resumes its session or a saved one, else logs in with name and password. A token is sent only to the
/// server that issued it (can_resume_at()). If the server rejects the token, or closes with session_ended, it is
/// forgotten, and the client logs in if it has a password.
///
/// Connecting again: after a pause of 0.5 s to 30 s (porter::backoff), which is at least the server's `retry_after`.
/// The pauses grow until a connection has lasted 30 s. The client stops for good, with the error, if
/// client_error::is_final() says that the same would fail again (a wrong password, another host key, an account that
/// asks for a one-time code, ...), and after
/// the server's closing with `normal`, which a service sends when it returns: it closes with another code if clients
/// shall come back.
///
/// Delivery is at most once: the protocol has no acknowledgement. A message is written once, on one connection. If that
/// connection is lost, the client does not know whether the server has received it, and does not send it again: decide
/// by the replies. Each connection has a number for that: send() returns the number of the connection that a message
/// was written on, and received_on() the one of the connection that a reply came on. A reply on another connection is
/// not to that message. A program of requests and replies is simpler with connected(), which returns one connection
/// after the other:
///
///     while (auto conn = co_await robo.connected()) {  // the next connection, or the current one
///         ...                                          // send again what was not answered; leave when it has ended
///     }
///
/// Threads: use it only on the I/O thread of `executor`.
///
/// Concurrency: as with porter::client, one coroutine may receive (a second one throws std::logic_error) while any
/// others send.
///
/// Cancellation: each operation can be cancelled, throws asio::error::operation_aborted then, and loses no received
/// message. A send that is cancelled while it waits for a connection has sent nothing; one that
/// is cancelled later has queued its message, which is written.
///
/// Errors: no call throws for a denied request or a lost connection.
///
/// Lifetime: destroying it drops the connection and ends all pending operations with the error that the client was
/// destroyed; close() closes in order. It keeps the io_context running until it has stopped.
class persistent_client {
public:
    /// Starts to connect as soon as the io_context runs. `host` and `port` as in client::connect().
    persistent_client(io_executor executor, std::string host, std::uint16_t port, persistent_client_options options);

    /// Begins with a connection that has access, and makes the next one when that is lost: for a program that makes the
    /// first one by itself, to ask a user about it. `host` and `port` are for the next ones. The options should accept
    /// no other key than that of `first`, and have `get_access` or the account of `first`.
    persistent_client(io_executor executor, std::shared_ptr<client> first, std::string host, std::uint16_t port,
                      persistent_client_options options);

    persistent_client(persistent_client&&) noexcept;             ///< pending operations go on
    persistent_client& operator=(persistent_client&&) noexcept;  ///< drops the connection that it had
    ~persistent_client();

    /// Valid until the client is used or destroyed, or its thread runs something else.
    client_state const& state() const noexcept;

    /// Why it has stopped for good; null while it connects, waits or is connected. After close(): closed, normal.
    client_error const* ended() const noexcept;

    /// Waits until there is a connection with access, and returns it: the current one or the next. Null: the client has
    /// stopped. Use it like any client, also after it has ended, but destroy it on its thread. Its close() and logout()
    /// stop the persistent client. After revoke() of its own session the persistent client logs in again, or without a
    /// password stops. Receive either on it or by the calls below, not both at once.
    task<std::shared_ptr<client>> connected();

    /// Waits until the client has stopped for good.
    task<void> closed();

    /// Waits until there is a connection, and sends one message on it: a text (valid UTF-8), bytes, or either. The
    /// message is copied when the call is made, so it may be a temporary. Returns the number of the connection once
    /// the message is written. Failures: not_sent, as client::queue(); why the connection has ended while the message
    /// was being written, which may or may not have arrived (the client goes on: ended() is null); why the client has
    /// stopped.
    task<client_result<std::uint64_t>> send(std::string_view text);
    task<client_result<std::uint64_t>> send(message const& outgoing);      ///< the same for either kind
    task<client_result<std::uint64_t>> send_data(std::string_view bytes);  ///< the same for bytes

    /// Waits for the next message, over any number of connections; messages that arrived before the end of one are
    /// returned first. Empty: the client has stopped, see ended(). The message is valid until the next receive. From
    /// the first call on, messages are kept until they are received, and the client does not connect again while more
    /// than 1 MiB of them wait.
    task<std::optional<message>> receive();

    /// The same with a deadline: `timed_out` loses nothing. A limit of 0: only what has arrived.
    task<result<message, receive_errc>> receive_for(std::chrono::nanoseconds limit);

    /// Waits for the next text and returns a copy; skips data messages.
    task<std::optional<std::string>> receive_text();

    /// The same with a deadline for the text, however many data messages come before it.
    task<result<std::string, receive_errc>> receive_text_for(std::chrono::nanoseconds limit);

    /// The number of the connection that the latest received message came on; 0: none yet.
    std::uint64_t received_on() const noexcept;

    /// Stops: closes the connection in order (client::close()), or stops connecting. Before, ends a session that it
    /// opened and that is not saved. Messages that have arrived can still be received.
    task<void> close();

private:
    friend class detail::client::persistent_connection;
    explicit persistent_client(std::shared_ptr<detail::client::persistent_connection> impl);

    std::shared_ptr<detail::client::persistent_connection> impl_;  // shared with the pending operations
};

}  // namespace porter
