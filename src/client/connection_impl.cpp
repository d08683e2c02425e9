#include "client/connection_impl.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/write.hpp>

#include "base/network.hpp"
#include "client/keepalive.hpp"
#include "client/receive_guard.hpp"
#include "tls/error.hpp"

namespace porter::detail::client {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t max_pongs = 10'000;                      // unwritten, for a server that does not read
constexpr std::uint32_t largest_max_frame = 16 * 1024 * 1024;  // docs/PROTOCOL.md, frames
constexpr std::chrono::seconds linger_time{2};                 // docs/PROTOCOL.md, closing

/// A whole frame for a payload, in memory that wipes itself.
base::secret frame_of(base::secret const& payload)
{
    std::string frame;
    frame.reserve(frame_header_size + payload.view().size());  // a reallocation would leave a copy
    for (std::size_t i = frame_header_size; i-- > 0;) {
        frame.push_back(static_cast<char>(payload.view().size() >> (8 * i) & 0xff));
    }
    frame.append(payload.view());
    base::secret secret_frame{frame};
    base::wipe(frame);
    return secret_frame;
}

client_error lost(base::error_code error)
{
    bool const ended = error == asio::error::eof || error == frame_errc::truncated || error == tls::errc::truncated;
    return {client_errc::lost, {code::unavailable, ended ? "the server hung up" : error.message()}, error};
}

bool has_remote_peer(stream const& connected)
{
    base::error_code error;
    auto const peer = connected.remote_endpoint(error);
    return error || !base::canonical(peer.address()).is_loopback();
}

/// The error that a socket has pending, such as a reset.
base::error_code socket_error(int socket)
{
    int value = 0;
    ::socklen_t size = sizeof value;
    bool const known = ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &value, &size) == 0;
    return {known ? value : 0, asio::error::get_system_category()};
}

/// Marks a request without a result, because of a time-out or a cancellation, so that its reply is skipped.
class abandon_guard {
public:
    explicit abandon_guard(pending_request& request) : request_(request) {}
    ~abandon_guard() { request_.is_abandoned = !request_.result; }
    abandon_guard(abandon_guard const&) = delete;
    abandon_guard& operator=(abandon_guard const&) = delete;

private:
    pending_request& request_;
};

}  // namespace

connection_impl::connection_impl(opened_stream opened, client_options options)
    : executor_(opened.socket.get_executor()),
      socket_(std::move(opened.socket)),
      options_(std::move(options)),
      is_remote_(has_remote_peer(socket_)),
      server_key_(std::move(opened.server_key)),
      server_authority_(std::move(opened.server_authority)),
      trust_source_(opened.trust_source),
      window_(options_.receive_buffer, options_.max_receive_buffer),
      close_timer_(executor_, clock::time_point::max()),
      server_watch_timer_(executor_),
      output_queued_(executor_),
      output_written_(executor_),
      message_arrived_(executor_),
      receive_queue_drained_(executor_),
      end_reached_(executor_),
      closed_(executor_)
{
    socket_.decoder().limit(protocol::opening_limit + server_overhead);
}

void connection_impl::start(std::shared_ptr<connection_impl> const& self)
{
    auto const finished = [self](std::exception_ptr const& defect) {
        if (!defect) return;
        self->fail({client_errc::lost, {code::internal, "internal error of the client"}});
        self->close_socket();
    };
    asio::co_spawn(self->executor_, read_loop(self), finished);
    asio::co_spawn(self->executor_, write_loop(self), finished);
    asio::co_spawn(self->executor_, watch_server(self), finished);
    asio::co_spawn(self->executor_, watch_close(self), finished);
}

// Requests.

task<client_result<void>> connection_impl::open(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    std::string payload;
    protocol::encode(protocol::hello{protocol::version, me.options_.agent}, payload);
    auto welcome = co_await request(self, base::secret{payload}, reply_kind::welcome);
    if (!welcome) co_return unexpected(welcome.error());
    if (me.implied_grant_) {
        auto granted = co_await wait_for_reply(self, me.implied_grant_);
        if (!granted) co_return unexpected(granted.error());
    }
    co_return client_result<void>{};
}

task<client_result<reply>> connection_impl::request(std::shared_ptr<connection_impl> self, base::secret payload,
                                                    reply_kind expected)
{
    auto& me = *self;
    if (me.ended_) co_return unexpected(*me.ended_);
    if (me.receive_end_) co_return unexpected(*me.receive_end_);
    auto error = me.send_error();
    if (!error) error = me.size_error(payload);
    if (error) co_return unexpected(*error);
    auto const pending = me.add_request(expected);
    me.requests_.push_back(frame_of(payload));
    me.output_queued_.notify();
    auto result = co_await wait_for_reply(self, pending);
    co_return result;
}

task<client_result<reply>> connection_impl::wait_for_reply(std::shared_ptr<connection_impl> self,
                                                           std::shared_ptr<pending_request> pending)
{
    auto& me = *self;
    abandon_guard const guard{*pending};
    while (!pending->result && !pending->done.is_expired()) co_await pending->done.wait();
    if (pending->result) co_return std::move(*pending->result);
    client_error late{client_errc::timed_out, {code::timeout, "the server did not answer in time"}};
    if (!me.granted_) me.begin_close(late, code::timeout);
    co_return unexpected(std::move(late));
}

std::optional<client_error> connection_impl::size_error(base::secret const& payload) const
{
    auto const limit = granted_ ? server_.max_frame : protocol::opening_limit;
    if (payload.view().size() <= limit) return std::nullopt;
    auto reason = "the server takes frames of at most " + std::to_string(limit) + " bytes here";
    return client_error{client_errc::not_sent, {code::frame_too_large, std::move(reason)}};
}

std::shared_ptr<pending_request> connection_impl::add_request(reply_kind expected)
{
    auto const deadline = clock::now() + options_.timeout;
    pending_.push_back(std::make_shared<pending_request>(executor_, expected, deadline));
    receive_queue_drained_.notify();  // the limit is higher while a request is pending
    return pending_.back();
}

void connection_impl::resolve(reply_kind kind, reply with)
{
    if (pending_.empty() || pending_.front()->expected != kind) {
        return fail_protocol(code::protocol_error, "the server sent an unexpected reply");
    }
    auto const request = std::move(pending_.front());
    pending_.pop_front();
    request->resolve(std::move(with));
}

// Messages.

void connection_impl::queue(message const& outgoing)
{
    socket_.encoder().add({std::as_bytes(std::span{&outgoing.kind, 1}), base::as_bytes(outgoing.body)});
    if (outgoing.kind == message_kind::data) sent_data_ = true;
    output_queued_.notify();
}

task<client_result<void>> connection_impl::flush(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    auto const target = me.written_ + me.socket_.encoder().size();
    if (me.ended_) co_return unexpected(*me.ended_);
    while (!me.ended_ && me.written_ < target) co_await me.output_written_.wait();
    if (me.written_ < target) co_return unexpected(*me.ended_);
    co_return client_result<void>{};
}

task<client_result<void>> connection_impl::shutdown_send(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    me.send_shutdown_ = true;
    me.output_queued_.notify();
    while (!me.ended_ && !me.output_ended_) co_await me.output_written_.wait();
    if (!me.output_ended_) co_return unexpected(*me.ended_);
    co_return client_result<void>{};
}

std::optional<client_error> connection_impl::send_error() const
{
    if (!send_shutdown_) return std::nullopt;
    return client_error{client_errc::not_sent, {code::not_supported, "the sending side was shut down"}};
}

/// A receive that is cancelled while it waits takes no message, even if one has arrived at the same moment (see
/// condition_variable): the result of the loser of a `||` is dropped.
task<result<message, receive_errc>> connection_impl::receive(std::shared_ptr<connection_impl> self, time_point deadline)
{
    auto& me = *self;
    receive_guard const guard{me.receiving_};
    while (me.window_.empty() && !me.receive_ended()) {
        if (deadline <= clock::now()) co_return unexpected(receive_errc::timed_out);
        co_await me.message_arrived_.wait_until(deadline);
    }
    auto const* received = me.next();
    if (received == nullptr) co_return unexpected(receive_errc::ended);
    co_return *received;
}

task<result<std::string, receive_errc>> connection_impl::receive_text(std::shared_ptr<connection_impl> self,
                                                                      time_point deadline)
{
    for (;;) {
        auto received = co_await receive(self, deadline);
        if (!received) co_return unexpected(received.error());
        if (received->is_text()) co_return std::string{received->body};
    }
}

task<void> connection_impl::wait_until_ended(std::shared_ptr<connection_impl> self)
{
    while (!self->ended_) co_await self->end_reached_.wait();
}

message const* connection_impl::next()
{
    if (window_.empty()) return nullptr;
    auto const popped = window_.pop([] { return clock::now(); });
    if (popped.resumes_reading) receive_queue_drained_.notify();
    return &popped.oldest;
}

// Reading.

/// None: read now. After a failed write the server is gone, and what it has sent before is read to the end.
std::optional<connection_impl::time_point> connection_impl::end_of_pause()
{
    if (closing_ || receive_end_ || output_broken_ || !window_.is_limited()) return std::nullopt;
    return window_.end_of_pause(clock::now(), is_reply_awaited(), kernel_buffer());
}

bool connection_impl::is_reply_awaited() const noexcept
{
    return std::ranges::any_of(pending_, [](auto const& request) { return !request->is_abandoned; });
}

std::size_t connection_impl::kernel_buffer() const
{
    asio::socket_base::receive_buffer_size size;
    base::error_code error;
    socket_.get_option(size, error);
    return error ? 0 : static_cast<std::size_t>(size.value());
}

task<void> connection_impl::read_some(std::shared_ptr<connection_impl> self, base::error_code& error)
{
    auto& me = *self;
    auto const before = me.socket_.decoder().size();
    co_await me.socket_.read_some(error);
    me.window_.on_read(me.socket_.decoder().size() - before, me.is_reply_awaited());
}

task<void> connection_impl::read_loop(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    base::error_code error;
    while (!error) {
        me.dispatch_frames();
        if (me.ended_ && !me.closing_) break;
        auto const pause_end = me.end_of_pause();
        if (pause_end) {
            co_await me.receive_queue_drained_.wait_until(*pause_end);
        } else {
            co_await read_some(self, error);
        }
    }
    // A server that has answered all after shutdown_send() need not send a `closing`.
    bool const has_answered = error == asio::error::eof && me.output_ended_ && !me.receive_ended();
    if (has_answered) me.end_receiving({client_errc::closed, {code::normal, {}}});
    if (me.receive_end_ && !me.output_broken_) error = co_await wait_for_hang_up(self);
    bool const is_in_order = me.receive_end_ && me.output_ended_ && error == asio::error::eof;
    if (is_in_order) me.fail(*me.receive_end_);
    if (error) me.fail(me.read_error(error));
    me.open_ = false;
    me.close_socket();
    me.close_timer_.cancel();
    me.server_watch_timer_.cancel();
    me.closed_.notify();
}

/// After the server's end of stream: waits for the end of both directions, or for a reset.
task<base::error_code> connection_impl::wait_for_hang_up(std::shared_ptr<connection_impl> self)
{
    auto& socket = self->socket_.stream();
    auto [error] = co_await socket.async_wait(stream::wait_error, base::use_tuple);
    if (error) co_return error;
    auto const reset = socket_error(socket.native_handle());
    co_return reset ? reset : base::error_code{asio::error::eof};
}

client_error connection_impl::read_error(base::error_code error) const
{
    auto found = lost(error);
    auto const reason = window_.loss_reason(clock::now());
    if (!reason) return found;
    found.code = code::slow_consumer;
    found.reason = *reason + ": " + found.reason;
    return found;
}

void connection_impl::dispatch_frames()
{
    base::error_code error;
    while (!receive_ended() && (!window_.is_full() || output_broken_)) {
        auto const payload = socket_.next(error);
        if (error == frame_errc::frame_too_large) return fail_protocol(code::frame_too_large, error.message());
        if (error) return fail_protocol(code::protocol_error, error.message());
        if (!payload) return;
        dispatch(*payload);
    }
    if (receive_ended()) socket_.decoder().discard();
}

void connection_impl::dispatch(base::bytes_view payload)
{
    auto const decoded = protocol::decode_reply(payload);
    if (!decoded) return fail_protocol(decoded.error(), "the server sent an invalid message");
    std::visit([this](auto const& message) { on(message); }, *decoded);
}

void connection_impl::on(protocol::text const& message)
{
    if (!granted_) return fail_protocol(code::protocol_error, "a text came before access");
    window_.push(message_kind::text, message.body);
    message_arrived_.notify();
}

void connection_impl::on(protocol::data const& message)
{
    if (!granted_) return fail_protocol(code::protocol_error, "data came before access");
    window_.push(message_kind::data, base::as_text(message.body));
    message_arrived_.notify();
}

void connection_impl::on(protocol::ping const& message)
{
    if (!granted_ || send_shutdown_) return;  // a client may not answer before access
    if (++pongs_queued_ > max_pongs) return fail_protocol(code::protocol_error, "pings came and no pong was taken");
    socket_.encoder().compose([&](std::string& out) { protocol::encode(protocol::pong{message.body}, out); });
    output_queued_.notify();
}

void connection_impl::on(protocol::closing const& message)
{
    auto end = to_value(message);
    bool const is_half = options_.half_close && granted_ && end.code == code::normal;
    if (is_half) return end_receiving(std::move(end));
    fail(std::move(end));
}

void connection_impl::on(protocol::welcome const& message)
{
    if (message.version != protocol::version || message.max_frame > largest_max_frame) {
        return fail_protocol(code::protocol_error, "the welcome is not one of this protocol's version");
    }
    server_ = to_value(message);
    resolve(reply_kind::welcome, server_);
    bool const is_known = server_.access == access::identify && !server_.known_as.empty();
    if (!ended_ && (server_.access == access::open || is_known)) implied_grant_ = add_request(reply_kind::granted);
}

void connection_impl::on(protocol::granted const& message)
{
    auto access = to_value(message);
    granted_ = access;
    base::wipe(granted_->token);
    socket_.decoder().limit(server_.max_frame + server_overhead);
    resolve(reply_kind::granted, std::move(access));
}

void connection_impl::on(protocol::denied const& message)
{
    auto denial = to_value(message);
    bool const is_about_data = granted_ && sent_data_ && denial.code == code::not_supported;
    if (is_about_data) {
        refused_data_ = std::move(denial);
    } else if (pending_.empty()) {
        fail_protocol(code::protocol_error, "the server denied what was not asked");
    } else {
        auto const request = std::move(pending_.front());
        pending_.pop_front();
        request->resolve(unexpected(std::move(denial)));
    }
}

void connection_impl::on(protocol::done const& message)
{
    resolve(reply_kind::done, message);
}

void connection_impl::on(protocol::sessions const& message)
{
    resolve(reply_kind::sessions, to_value(message));
}

void connection_impl::on(protocol::enrolment const& message)
{
    resolve(reply_kind::enrolment, to_value(message));
}

/// Ends the connection if the server is gone while output is outstanding: the system would retry for 15 minutes.
task<void> connection_impl::watch_server(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    acknowledgement_check check;
    while (me.open_) {
        me.server_watch_timer_.expires_after(acknowledgement_check::interval);
        co_await me.server_watch_timer_.async_wait(base::use_tuple);
        if (!me.open_) co_return;
        auto const state = read_acknowledgement_state(me.socket_.stream().native_handle());
        if (!state || !check.is_server_gone(*state)) continue;
        me.fail(lost(asio::error::timed_out));
        me.close_socket();
        co_return;
    }
}

// Writing.

task<void> connection_impl::write_loop(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    base::error_code error;
    while (me.open_ && !error) {
        if (!me.socket_.encoder().empty() || !me.requests_.empty()) {
            error = co_await write_queued(self);
        } else if (me.closing_) {
            co_return co_await send_closing(self);
        } else if (me.send_shutdown_ && !me.output_ended_) {
            error = co_await me.socket_.end_sending();
            me.output_ended_ = !error;
            me.output_written_.notify();
        } else {
            co_await me.output_queued_.wait();
        }
    }
    me.output_broken_ = true;  // the read loop gets the error, or the `closing` that explains it
    me.receive_queue_drained_.notify();
}

task<base::error_code> connection_impl::write_queued(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    auto error = co_await write_messages(self);
    while (!error && !me.requests_.empty()) {
        auto const frame = std::move(me.requests_.front());
        me.requests_.pop_front();
        auto const bytes = asio::buffer(frame.view().data(), frame.view().size());
        auto [failed, size] = co_await asio::async_write(me.socket_.stream(), bytes, base::use_tuple);
        error = failed;
    }
    me.pongs_queued_ = 0;
    co_return error;
}

task<base::error_code> connection_impl::write_messages(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    while (!me.socket_.encoder().empty()) {
        auto const pending = me.socket_.encoder().pending();
        auto const bytes = asio::buffer(pending.data(), pending.size());
        auto [error, size] = co_await me.socket_.stream().async_write_some(bytes, base::use_tuple);
        me.socket_.encoder().consume(size);
        me.written_ += size;
        me.output_written_.notify();
        if (error) co_return error;
    }
    co_return base::error_code{};
}

// Closing.

task<void> connection_impl::close(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    me.begin_close({client_errc::closed, {code::normal, {}}}, code::normal);
    while (me.open_) co_await me.closed_.wait();
}

task<void> connection_impl::send_closing(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    if (me.output_ended_) {
        me.close_timer_.expires_after(linger_time);
        co_return;
    }
    std::string payload;
    protocol::encode(protocol::closing{static_cast<std::uint16_t>(*me.closing_), me.ended_->reason}, payload);
    me.socket_.queue(payload);
    base::error_code error;
    co_await me.socket_.flush(error);
    if (!error) co_await me.socket_.end_sending();
    me.close_timer_.expires_after(linger_time);
}

task<void> connection_impl::watch_close(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    while (me.open_ && me.close_timer_.expiry() > clock::now()) {
        co_await me.close_timer_.async_wait(base::use_tuple);  // a new expiry ends the wait
    }
    me.close_socket();
}

void connection_impl::fail(client_error error)
{
    if (ended_) return;
    ended_ = std::move(error);
    resolve_pending(*ended_);
    output_written_.notify();
    message_arrived_.notify();
    receive_queue_drained_.notify();
    end_reached_.notify();
}

void connection_impl::end_receiving(client_error end)
{
    receive_end_ = std::move(end);
    resolve_pending(*receive_end_);
    message_arrived_.notify();
}

void connection_impl::resolve_pending(client_error const& error)
{
    for (auto const& request : pending_) request->resolve(unexpected(error));
    pending_.clear();
}

void connection_impl::begin_close(client_error error, code closing_code)
{
    if (ended_) return;
    fail(std::move(error));
    if (output_broken_) return close_socket();
    closing_ = closing_code;
    output_queued_.notify();
    close_timer_.expires_after(options_.timeout);
}

void connection_impl::close_socket()
{
    fail({client_errc::lost, {code::normal, "the client was destroyed"}});
    base::error_code ignored;  // closed already
    socket_.close(ignored);
    output_queued_.notify();
}

void connection_impl::fail_protocol(code violated, std::string reason)
{
    begin_close({client_errc::protocol, {violated, std::move(reason)}}, violated);
}

}  // namespace porter::detail::client
