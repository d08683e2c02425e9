#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "porter/access.hpp"
#include "porter/task.hpp"

namespace porter {

namespace detail::server {
class message_loop;
}

/// One message of a visitor. The body is a view into the connection's input, valid until the next receive.
enum class message_kind : std::uint8_t { text = 0x40, data = 0x41 };

struct message {
    message_kind kind = message_kind::text;
    std::string_view body;  ///< text: valid UTF-8; data: any bytes. Both may be empty

    bool is_text() const noexcept { return kind == message_kind::text; }
};

/// The messages that have arrived, taken up one by one while you iterate (once). Leaving early loses nothing: the
/// rest comes with the next receive. Messages are valid until the next receive on the connection.
class batch {
public:
    class iterator {
    public:
        using value_type = message;
        using difference_type = std::ptrdiff_t;

        message const& operator*() const noexcept { return *current_; }
        message const* operator->() const noexcept { return current_; }
        iterator& operator++();
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const noexcept { return current_ == nullptr; }

    private:
        friend class batch;
        iterator(detail::server::message_loop& source, message const* first) : source_(&source), current_(first) {}
        detail::server::message_loop* source_;
        message const* current_;
    };

    /// Starts with the message that made the batch.
    iterator begin() const noexcept;
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    friend class detail::server::message_loop;
    explicit batch(detail::server::message_loop& source) : source_(&source) {}
    detail::server::message_loop* source_;
};

/// A connection that has been let in, as a service sees it. Pings, account requests and limits are dealt with
/// underneath while you receive. It lives on one I/O thread and as long as the service's coroutine runs; use it from
/// that coroutine only. When the visitor has gone, was cut off or the server stops, receives come back empty and
/// sends do nothing: return then.
///
/// A service may wait for other things than its visitor (timers, other sockets). When the server cuts the connection
/// off or stops, what is awaited just then is cancelled: it ends with asio::error::operation_aborted, which may escape
/// the service. A receive or send cannot be cancelled by anybody else: `||` with a timer would wait for both. That the
/// visitor went away by itself shows with the next receive or send only.
class connection {
public:
    std::string_view name() const noexcept;            ///< who it is; empty in open access
    std::string_view address() const noexcept;         ///< the canonical IP address
    porter::auth_method auth_method() const noexcept;  ///< how access was got: whether name() is proved
    std::uint64_t session() const noexcept;            ///< the session's id; 0 without an account

    /// Waits until at least one message is here and hands out all that are. Writes queued replies before it waits.
    /// Empty: the connection has ended.
    task<std::optional<batch>> receive_some();

    /// The next message that is already here, or null: a plain call that never suspends.
    message const* next();

    /// Waits for one message; empty: the connection has ended. The message is valid until the next receive.
    task<std::optional<message>> receive();

    /// Waits for one text and gives a copy of it. A data message is answered by denied(not_supported) and passed
    /// over. Empty: the connection has ended.
    task<std::optional<std::string>> receive_text();

    /// Queues a message; it is written before the next wait, together with all others. Never suspends.
    void reply(message const& answer);
    /// Queues a text, which must be valid UTF-8. `body` is copied, unless it is that of the message which came last:
    /// that one is sent from where it stands in the input.
    void reply(std::string_view body);

    /// Queues a text or a message and writes the queue; suspends while the peer is slow. False: the connection has
    /// ended.
    task<bool> send(std::string body);
    task<bool> send(message answer);

private:
    friend class detail::server::message_loop;
    explicit connection(detail::server::message_loop& underneath) : loop_(&underneath) {}
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    detail::server::message_loop* loop_;
};

/// What visitors talk to: a coroutine over a connection that is already let in. Returning closes the connection in
/// order; an exception that escapes closes it as the server's own fault (code::internal) and is logged. The function
/// object is shared by all connections and threads.
using service = std::function<task<void>(connection&)>;

}  // namespace porter
