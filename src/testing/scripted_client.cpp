#include "testing/scripted_client.hpp"

#include <array>
#include <system_error>
#include <utility>
#include <variant>

#include "base/bytes.hpp"

namespace porter::testing {

namespace base = detail::base;
namespace protocol = detail::protocol;

namespace {

std::string describe(error const& reason)
{
    return std::string{name_of(reason.code)} + (reason.reason.empty() ? "" : ": " + reason.reason);
}

}  // namespace

service_test::client::state::state(impl& in, std::string name_, int descriptor)
    : io(in.io), test(in), name(std::move(name_)), socket(io->get_executor())
{
    socket.assign(asio::local::stream_protocol{}, descriptor);
    socket.non_blocking(true);
}

void service_test::client::state::get_access()
{
    auto const wanted = name;
    send(protocol::hello{protocol::version, "service_test"});
    wait([this] { return required_.has_value(); }, "the welcome");
    if (required_ == access::identify && !is_known_) send(protocol::identify{wanted});
    if (required_ == access::authenticate) send(protocol::register_account{wanted, password});
    wait_for_access();
    if (!is_granted_ && received.front().denial.code == code::name_taken) {
        received.clear();
        send(protocol::login{wanted, password});
        wait_for_access();
    }
    if (!is_granted_) throw test_error{"access for " + wanted + " was denied: " + describe(received.front().denial)};
}

void service_test::client::state::wait_for_access()
{
    wait([this] { return is_granted_ || !received.empty(); }, "access");
}

void service_test::client::state::wait(std::function<bool()> const& condition, std::string_view awaited)
{
    auto const come_or_ended = [&] {
        read();
        return condition() || has_ended;
    };
    test.wait_until(come_or_ended, std::string{awaited} + " for " + name);
    if (condition()) return;
    throw test_error{name + " waited for " + std::string{awaited} + ", but the connection has ended" +
                     (closing ? ": " + describe(*closing) : "")};
}

service_test::client::state::incoming service_test::client::state::next(incoming::kind_type expected,
                                                                        std::string_view awaited)
{
    wait([this] { return !received.empty(); }, awaited);
    auto first = std::move(received.front());
    received.pop_front();
    if (first.kind == expected) return first;
    constexpr std::array<char const*, 3> names{"a text", "data", "a denial"};
    auto const content = first.kind == incoming::kind_type::denial ? describe(first.denial) : first.body;
    throw test_error{name + " waited for " + std::string{awaited} + ", but received " +
                     names[static_cast<std::size_t>(first.kind)] + ": " + content};
}

/// Writes as much as the socket takes. True: all, or the connection has ended.
bool service_test::client::state::write()
{
    while (!has_ended && !output_.empty()) {
        auto const bytes = output_.pending();
        std::error_code failed;
        auto const size = socket.write_some(asio::buffer(bytes.data(), bytes.size()), failed);
        if (failed == asio::error::would_block) {
            wake_when_ready(asio::socket_base::wait_write, is_waiting_to_write_);
            return false;
        }
        if (failed) return true;  // the end is reported by a read
        output_.consume(size);
    }
    return true;
}

void service_test::client::state::read()
{
    while (!has_ended) {
        auto const space = input_.prepare();
        std::error_code failed;
        auto const size = socket.read_some(asio::buffer(space.data(), space.size()), failed);
        input_.commit(failed ? 0 : size);
        if (failed == asio::error::would_block) {
            return wake_when_ready(asio::socket_base::wait_read, is_waiting_to_read_);
        }
        if (failed) return end();
        decode();
    }
}

void service_test::client::state::decode()
{
    std::error_code invalid;
    while (auto const payload = input_.next(invalid)) {
        auto const reply = protocol::decode_reply(*payload);
        if (!reply) throw test_error{"the server sent a malformed message"};
        std::visit([this](auto const& message) { take(message); }, *reply);
    }
    if (invalid) throw test_error{"the server sent a malformed frame: " + invalid.message()};
}

void service_test::client::state::take(protocol::text const& text)
{
    received.push_back({incoming::kind_type::text, std::string{text.body}});
}

void service_test::client::state::take(protocol::data const& data)
{
    received.push_back({incoming::kind_type::data, std::string{base::as_text(data.body)}});
}

void service_test::client::state::take(protocol::denied const& denied)
{
    error const reason{static_cast<code>(denied.code), std::string{denied.reason},
                       std::chrono::seconds{denied.retry_after}};
    received.push_back({incoming::kind_type::denial, {}, reason});
}

void service_test::client::state::take(protocol::ping const& ping)
{
    queue(protocol::pong{ping.body});
    write();
}

void service_test::client::state::take(protocol::closing const& sent)
{
    closing.emplace(static_cast<code>(sent.code), std::string{sent.reason});
}

void service_test::client::state::take(protocol::welcome const& welcome)
{
    required_ = static_cast<access>(welcome.access);
    is_known_ = !welcome.known_as.empty();
}

void service_test::client::state::take(protocol::granted const& granted)
{
    is_granted_ = true;
    name = granted.name;
    session = granted.session_id;
}

/// Lets a wait of the test return when the socket is ready. The handler may run after this object has gone.
void service_test::client::state::wake_when_ready(asio::socket_base::wait_type direction,
                                                  std::shared_ptr<bool> const& is_waiting)
{
    if (std::exchange(*is_waiting, true)) return;
    socket.async_wait(direction, [is_waiting](std::error_code const&) { *is_waiting = false; });
}

void service_test::client::state::end()
{
    has_ended = true;
    std::error_code ignored;  // it is closed in any case
    socket.close(ignored);
}

void service_test::client::state::wait_for_service()
{
    test.server.check_timeouts();  // it notices at once that the client has gone, even when it does not receive
    auto const has_returned = [this] {
        read();
        return has_ended && test.has_ended(*run);
    };
    test.wait_until(has_returned, "the service of " + name + " to return");
}

service_test::client::client(std::shared_ptr<state> made) : state_(std::move(made)) {}

service_test::client::client(client&&) noexcept = default;

service_test::client& service_test::client::operator=(client&& other) noexcept
{
    if (state_ && state_ != other.state_) state_->end();
    state_ = std::move(other.state_);
    return *this;
}

service_test::client::~client()
{
    if (state_) state_->end();
}

std::string const& service_test::client::name() const noexcept
{
    return state_->name;
}

std::uint64_t service_test::client::session() const noexcept
{
    return state_->session;
}

void service_test::client::send(std::string_view text)
{
    state_->send(protocol::text{text});
}

void service_test::client::send_data(std::string_view bytes)
{
    state_->send(protocol::data{base::as_bytes(bytes)});
}

std::string service_test::client::receive()
{
    return state_->next(state::incoming::kind_type::text, "a text").body;
}

std::string service_test::client::receive_data()
{
    return state_->next(state::incoming::kind_type::data, "data").body;
}

error service_test::client::receive_denial()
{
    return state_->next(state::incoming::kind_type::denial, "a denial").denial;
}

bool service_test::client::has_message()
{
    state_->test.run_ready();
    state_->read();
    return !state_->received.empty();
}

void service_test::client::ping(std::string_view body)
{
    auto const before = state_->pongs;
    state_->send(protocol::ping{base::as_bytes(body)});
    state_->wait([&] { return state_->pongs != before; }, "the pong");
}

error service_test::client::receive_close()
{
    auto const has_ended = [this] {
        state_->read();
        return state_->has_ended;
    };
    state_->test.wait_until(has_ended, "the server to close the connection of " + state_->name);
    state_->received.clear();
    if (!state_->closing) throw test_error{"the connection of " + state_->name + " has ended without a closing"};
    return *state_->closing;
}

void service_test::client::close()
{
    if (!state_->has_ended) {
        state_->send(protocol::closing{});
        std::error_code ignored;  // the server may have closed
        state_->socket.shutdown(asio::socket_base::shutdown_send, ignored);
    }
    state_->wait_for_service();
}

void service_test::client::drop()
{
    state_->end();
    state_->wait_for_service();
}

bool service_test::client::is_finished() const noexcept
{
    return state_->test.has_ended(*state_->run);
}

}  // namespace porter::testing
