#pragma once

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "porter/frame.hpp"
#include "protocol/codec.hpp"
#include "testing/service_test_impl.hpp"

namespace porter::testing {

/// The client's end of a socket pair, which speaks the protocol. Members that wait run the server.
struct service_test::client::state {
    struct incoming {
        enum class kind_type { text, data, denial };

        kind_type kind;
        std::string body;
        error denial{};
    };

    /// Owns the descriptor.
    state(impl& in, std::string name_, int descriptor);

    /// Sends hello and the request of the server's access mode, and waits until access is granted.
    void get_access();

    /// Waits for something that the server sends. Throws test_error, also when the connection has ended without it.
    void wait(std::function<bool()> const& condition, std::string_view awaited);

    /// Waits for the next message, which must be of this kind.
    incoming next(incoming::kind_type expected, std::string_view awaited);

    template <typename Message>
    void send(Message const& message)
    {
        queue(message);
        auto const is_written = [this] { return write(); };
        test.wait_until(is_written, "the service to read the messages of " + name);
    }

    /// Reads all that has arrived.
    void read();

    /// Closes the socket.
    void end();

    /// Waits until the service has returned after the end of the connection.
    void wait_for_service();

    std::shared_ptr<asio::io_context> io;  // may outlive the test with this
    impl& test;
    std::shared_ptr<service_run> run;
    std::string name;
    std::uint64_t session = 0;
    asio::basic_stream_socket<asio::local::stream_protocol, io_executor> socket;
    std::deque<incoming> received;
    std::size_t pongs = 0;
    std::optional<error> closing;
    bool has_ended = false;

private:
    template <typename Message>
    void queue(Message const& message)
    {
        output_.compose([&](std::string& payload) { detail::protocol::encode(message, payload); });
    }

    void wait_for_access();
    bool write();
    void decode();
    void take(detail::protocol::text const& text);
    void take(detail::protocol::data const& data);
    void take(detail::protocol::denied const& denied);
    void take(detail::protocol::ping const& ping);
    void take(detail::protocol::pong const&) { ++pongs; }
    void take(detail::protocol::closing const& sent);
    void take(detail::protocol::welcome const& welcome);
    void take(detail::protocol::granted const& granted);
    void take(detail::protocol::done const&) {}       // a test makes no request that it answers
    void take(detail::protocol::sessions const&) {}   // likewise
    void take(detail::protocol::enrolment const&) {}  // likewise
    void wake_when_ready(asio::socket_base::wait_type direction, std::shared_ptr<bool> const& is_waiting);

    std::shared_ptr<bool> is_waiting_to_read_ = std::make_shared<bool>(false);
    std::shared_ptr<bool> is_waiting_to_write_ = std::make_shared<bool>(false);
    frame_decoder input_{17 * 1024 * 1024};  // above the largest max_frame
    frame_encoder output_;
    std::optional<access> required_;  // by the welcome; none: it has not come
    bool is_known_ = false;           // the server knows the address
    bool is_granted_ = false;
};

}  // namespace porter::testing
