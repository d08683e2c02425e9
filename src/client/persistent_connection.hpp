#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/cancellation_signal.hpp>

#include "base/condition_variable.hpp"
#include "porter/backoff.hpp"
#include "porter/client.hpp"
#include "porter/persistent_client.hpp"
#include "porter/saved_sessions.hpp"
#include "porter/secret.hpp"

namespace porter::detail::client {

/// Time and randomness, which tests replace.
struct persistent_environment {
    std::function<double()> random{};                                 ///< for backoff; none: its own
    std::function<task<void>(std::chrono::milliseconds)> pause{};     ///< none: a timer
    std::function<std::chrono::steady_clock::time_point()> steady{};  ///< how long connections last; none: the system's
    saved_sessions::clock now{};  ///< for the expiry of sessions; none: the system's
};

/// What a porter::persistent_client does. One coroutine, run(), makes one connection after the other; the operations
/// wait for it. Each coroutine and each operation shares ownership.
class persistent_connection {
public:
    using time_point = base::condition_variable::time_point;
    using client_ptr = std::shared_ptr<porter::client>;

    persistent_connection(io_executor executor, std::string host, std::uint16_t port, persistent_client_options options,
                          persistent_environment environment = {});
    persistent_connection(persistent_connection const&) = delete;
    persistent_connection& operator=(persistent_connection const&) = delete;

    /// Starts run(), with a connection that has access or without one. The client drops the connection at its end.
    static persistent_client start(std::shared_ptr<persistent_connection> const& self, client_ptr first = nullptr);

    static task<client_ptr> connected(std::shared_ptr<persistent_connection> self);
    static task<client_result<std::uint64_t>> send(std::shared_ptr<persistent_connection> self, message_kind kind,
                                                   std::string body);
    static task<result<message, receive_errc>> receive(std::shared_ptr<persistent_connection> self,
                                                       time_point deadline);
    static task<result<std::string, receive_errc>> receive_text(std::shared_ptr<persistent_connection> self,
                                                                time_point deadline);
    static task<void> wait_until_ended(std::shared_ptr<persistent_connection> self);
    static task<void> close(std::shared_ptr<persistent_connection> self);

    /// Stops at once, without a `closing` and without a call of on_state.
    void drop();

    client_state const& state() const noexcept { return state_; }
    client_error const* ended() const noexcept { return ended_ ? &*ended_ : nullptr; }
    std::uint64_t received_on() const noexcept { return received_on_; }

private:
    struct numbered_connection {
        client_ptr client;
        std::uint64_t number = 0;
    };

    static task<void> run(std::shared_ptr<persistent_connection> self);
    static task<client_error> run_connection(std::shared_ptr<persistent_connection> self);
    static task<client_result<client_ptr>> connect(std::shared_ptr<persistent_connection> self);
    static task<client_result<void>> get_access(std::shared_ptr<persistent_connection> self, client_ptr connection);
    static task<client_result<void>> authenticate(std::shared_ptr<persistent_connection> self, client_ptr connection);
    static task<client_result<access_granted>> log_in(std::shared_ptr<persistent_connection> self,
                                                      client_ptr connection);
    static task<void> wait_until_received(std::shared_ptr<persistent_connection> self);

    bool find_session(server_identity const& server);
    void keep_session(access_granted& access, server_identity server);
    void forget_session();
    bool is_renaming(porter::client const& connection) const;

    void begin_connection(client_ptr const& connection);
    void end_connection(porter::client const& connection);
    bool is_end(client_error const& error) const noexcept;
    void stop(client_error error);
    void change_state();
    std::size_t unreceived() const;

    io_executor executor_;
    std::string host_;
    std::uint16_t port_;
    persistent_client_options options_;  // without the password
    secret password_;
    persistent_environment environment_;
    backoff backoff_;
    saved_sessions sessions_;
    std::optional<saved_session> session_;  // to resume
    bool is_session_unsaved_ = false;       // it was opened here, so close() ends it

    client_state state_;
    std::optional<client_error> ended_;
    client_ptr first_;                             // from the program; null once run() has it
    client_ptr current_;                           // has access; null: there is none
    std::deque<numbered_connection> connections_;  // with messages to receive; the current one is the last
    client_ptr received_from_;                     // keeps the latest message valid
    std::uint64_t received_on_ = 0;
    bool has_receiver_ = false;  // receive() was called
    bool receiving_ = false;     // a coroutine waits in receive()
    bool running_ = false;       // run() has begun and can be cancelled
    bool closing_ = false;
    bool dropped_ = false;
    asio::cancellation_signal cancellation_;  // of run()

    base::condition_variable changed_;     // the state, for any number of coroutines
    base::condition_variable receivable_;  // for receive()
    base::condition_variable drained_;     // for wait_until_received()
};

}  // namespace porter::detail::client
