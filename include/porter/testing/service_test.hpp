#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "porter/connection.hpp"
#include "porter/error.hpp"
#include "porter/server.hpp"
#include "porter/testing/server.hpp"

namespace porter::testing {

/// The awaited event did not happen: the limit passed, or it has become impossible. what() describes it.
class test_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A service and scripted clients, without network, disk or Argon2: a test of some milliseconds, in plain statements.
///
///     porter::testing::service_test test{shout};
///     auto alice = test.connect("Alice");
///     alice.send("hello");
///     CHECK(alice.receive() == "Alice: HELLO");
///     alice.close();
///
/// The service runs in a real server, over socket pairs. A call that waits runs the server's io_context, on this
/// thread, until what it waits for has happened, and throws `test_error` after limit() of real time. Between the calls
/// nothing runs, unless the options say more threads than one.
///
/// An exception that leaves a service is thrown by the next call that waits, on any client, or else by the destructor,
/// if no other exception is in flight; of those of an operator such as `||`, the one that Asio keeps. Exceptions that
/// Porter expects of a service (its wait was cancelled because the connection has ended) are none.
///
/// Time: receives with a deadline and timers of the service take real time, so let a test choose short ones. Only
/// sessions and throttling follow advance().
///
/// Threads: for one thread. Lifetime: the clients must not be used after the service_test.
class service_test {
public:
    class client;

    /// The password of every account that connect() registers.
    static constexpr std::string_view password = "a horse on a staple";

    /// `options`: by default clients have a name and no account; test_options() gives each an account. Throws as
    /// testing::server does.
    explicit service_test(service handler, server_options options = test_options(access::identify));
    /// Lets the services take what was sent, stops the server and waits for them to return.
    ~service_test() noexcept(false);
    service_test(service_test const&) = delete;
    service_test& operator=(service_test const&) = delete;

    /// A client with access, whose service has started. In open access `name` is not used; with accounts it registers
    /// the name, or logs in if it is registered. `address`: an IP address; empty: another one for each client. Throws
    /// `test_error`, with the server's reason if access is denied.
    client connect(std::string name = "Alice", std::string address = {});

    /// Waits until the condition holds, for effects that no client sees. `event` is for the message of `test_error`:
    /// "the list is empty".
    void wait_until(std::function<bool()> const& condition, std::string_view event);

    /// Runs all that need not wait, so that what a client has sent has its effect.
    void run_ready();

    /// Moves the clock; the connections of sessions that have expired are closed.
    void advance(std::chrono::seconds by);

    /// How long a call waits; 10 s at first.
    std::chrono::milliseconds limit() const noexcept;
    void set_limit(std::chrono::milliseconds limit) noexcept;  ///< see limit()

    /// The server, its clock, log and store.
    testing::server& server() noexcept;
    /// For timers and other work of the test; it runs while a call waits.
    asio::io_context& io() noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// A scripted client. It reads only in its own calls: until then, output of the service waits, as it does for a client
/// that does not read. Destroying it drops the connection, without a closing.
class service_test::client {
public:
    client(client&&) noexcept;             ///< the source can only be destroyed or assigned to
    client& operator=(client&&) noexcept;  ///< drops the connection that it had
    ~client();

    std::string const& name() const noexcept;  ///< as the server granted it
    std::uint64_t session() const noexcept;    ///< the session's id; 0 without an account

    /// Sends a text, or bytes as a data message. Waits only while the service does not read them. After the end of the
    /// connection nothing is sent.
    void send(std::string_view text);
    void send_data(std::string_view bytes);  ///< see send()

    /// Waits for the next message, which must be a text, and returns it. Throws `test_error` also if it is another
    /// message, or the connection has ended.
    std::string receive();
    /// The same for data.
    std::string receive_data();
    /// The same for a denial, such as not_supported for data that the service does not take.
    error receive_denial();

    /// Whether a message has arrived, when all that need not wait has run.
    bool has_message();

    /// Sends a ping and waits for the pong: then the service has been given all that was sent before, and the messages
    /// that it had queued before have arrived. The service must receive.
    void ping(std::string_view body = {});

    /// Waits until the server closes the connection, and returns the code and the reason of its closing; messages that
    /// come before it are dropped.
    error receive_close();

    /// Closes the connection in order, and waits until the service has returned.
    void close();

    /// Drops the connection without a closing, as a client that crashes does, and waits until the service has returned.
    void drop();

    /// Whether the service has returned.
    bool is_finished() const noexcept;

private:
    friend class service_test;
    struct state;
    explicit client(std::shared_ptr<state> made);
    std::shared_ptr<state> state_;
};

}  // namespace porter::testing
