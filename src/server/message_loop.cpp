#include "server/message_loop.hpp"

#include <algorithm>
#include <cassert>

#include <asio/co_spawn.hpp>

#include "base/first_exception.hpp"
#include "server/account_requests.hpp"

namespace porter::detail::server {
namespace {

constexpr std::chrono::nanoseconds longest_limit = std::chrono::days{365};  // clock arithmetic must not overflow

}  // namespace

void message_loop::report_defect(std::exception_ptr escaped)
{
    auto const first = base::first_exception(escaped);
    try {
        std::rethrow_exception(first);
    } catch (std::system_error const& defect) {
        bool const is_cancelled = defect.code() == asio::error::operation_aborted;
        if (is_cancelled && conn_.ended()) return;  // the end cancels what the service awaits: that is no defect
        // An operator cancels one side for the exception of the other one.
        if (is_cancelled && first != escaped) return log_defect("an exception of an operator's side, which Asio drops");
        log_defect(defect.what());
    } catch (std::exception const& defect) {
        log_defect(defect.what());
    } catch (...) {
        log_defect("not a std::exception");
    }
}

void message_loop::log_defect(std::string_view description)
{
    ctx_.log.with(conn_.address()).error("defect", {log::quoted("what", description)});
    conn_.end(close_reason::local(code::internal, "the service failed"));
}

message const* message_loop::next()
{
    // While the output is full no request is processed, or a flood of small requests could queue large replies without
    // limit.
    auto const& receiving = conn_.receiving();
    while (receiving.answer == connection::answer_state::none && !conn_.is_output_full()) {
        auto const received = conn_.next();
        if (!received) return nullptr;
        if (auto const* message = dispatch(*received)) return message;
    }
    return nullptr;
}

message const* message_loop::dispatch(frame received)
{
    auto const payload = received.payload();
    if (auto const body = protocol::text_body(payload)) return hand_over(received, message_kind::text, *body);
    auto const request = protocol::decode_request(payload);
    if (!request) {
        conn_.end(close_reason::local(request.error()));
    } else if (auto const* data = std::get_if<protocol::data>(&*request)) {
        return hand_over(received, message_kind::data, base::as_text(data->body));
    } else if (auto const* ping = std::get_if<protocol::ping>(&*request)) {
        conn_.queue(protocol::pong{ping->body});
    } else if (std::holds_alternative<protocol::closing>(*request)) {
        conn_.end(close_reason::peer_closed());
    } else if (!std::holds_alternative<protocol::pong>(*request)) {
        pending_ = std::make_unique<protocol::request>(*request);
        conn_.receiving().answer = connection::answer_state::due;
    }
    return nullptr;
}

message_loop::receive_guard::receive_guard(message_loop& loop_) : loop(loop_)
{
    auto& receiving = loop.conn_.receiving();
    if (receiving.is_in_progress) loop.reject_misuse("a second coroutine receives; only one at a time may");
    receiving.is_in_progress = true;
}

/// abort(): the other coroutines of the service are to end, too, and `||` does not cancel them for an exception.
void message_loop::reject_misuse(std::string_view sentence)
{
    auto const description = "porter::connection: " + std::string{sentence};
    log_defect(description);
    conn_.abort(close_reason::local(code::internal));
    throw std::logic_error{description};
}

task<result<batch, receive_errc>> message_loop::receive_some_for(std::chrono::nanoseconds limit)
{
    // The timer's handler may run after this coroutine has ended: then it finds no loop.
    auto const self = std::make_shared<message_loop*>(this);
    auto const executor = co_await asio::this_coro::executor;
    base::steady_timer timer{executor, std::min(limit, longest_limit)};
    timer.async_wait([self](base::error_code const& cancelled) {
        if (cancelled || *self == nullptr) return;
        (*self)->conn_.receiving().is_expired = true;
        (*self)->conn_.interrupt_waits();
    });
    deadline_end const end{self};
    auto messages = co_await receive_some();
    if (messages) co_return *messages;
    co_return unexpected(is_input_over() ? receive_errc::ended : receive_errc::timed_out);
}

task<std::optional<batch>> message_loop::receive_some()
{
    receive_guard const guard{*this};
    for (;;) {
        if (next() != nullptr) co_return batch{*this};
        if (is_input_over() || conn_.receiving().is_expired) co_return std::nullopt;
        switch (next_step()) {
            case step::decode:
                break;
            case step::wait:
                co_await wait_for_progress();
                break;
            case step::read:
                current_ = {};
                co_await conn_.read();
                break;
        }
    }
}

message_loop::step message_loop::next_step()
{
    using enum connection::answer_state;
    auto const& receiving = conn_.receiving();
    if (receiving.answer == due) start_answer();
    if (receiving.answer == running) return step::wait;
    if (receiving.answer == done) {
        conn_.end_answer();
        return step::decode;
    }
    bool const was_full = conn_.is_output_full();  // then complete frames may be left in the input
    bool const must_wait = conn_.is_writing() ? conn_.must_write_before_read() : !conn_.try_flush();
    if (must_wait) return step::wait;
    return was_full ? step::decode : step::read;
}

namespace {

/// Answers a request, in a coroutine of its own. Its views stay valid because nothing is read before it is answered.
task<void> answer(connection& conn, server_context const& ctx, authenticated_client& client,
                  std::unique_ptr<protocol::request> pending)
{
    auto const is_open = co_await conn.flush_before_wait();
    if (is_open) co_await answer_request(conn, ctx, client, *pending);
}

}  // namespace

void message_loop::start_answer()
{
    conn_.writer();  // where the receive waits
    auto const on_end = [&conn = conn_](std::exception_ptr escaped) { conn.on_answered(std::move(escaped)); };
    conn_.on_answer_started();
    try {
        asio::co_spawn(conn_.executor(), answer(conn_, ctx_, client_, std::move(pending_)), on_end);
    } catch (std::bad_alloc const&) {
        on_end(std::current_exception());
    }
}

/// Waits until some output is written or the request is answered. A coroutine of its own: few connections ever wait
/// here, and each would hold its part of the frame.
task<void> message_loop::wait_for_progress()
{
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    auto const before = cancellation.cancelled();
    auto& writer = conn_.writer();
    writer.start();
    bool const is_answering = conn_.receiving().answer == connection::answer_state::running;
    if (conn_.ended() || !(writer.is_writing() || is_answering)) co_return;
    co_await writer.wait();
    // The wait may have ended just before it was cancelled. Then the receive must not take a message.
    if (cancellation.cancelled() != before && !conn_.ended()) throw std::system_error{asio::error::operation_aborted};
}

/// Whether it is the message that next() returned last, whose frame is still in the input.
bool message_loop::is_current(message const& outgoing) const noexcept
{
    return !outgoing.body.empty() && outgoing.kind == current_.kind && outgoing.body.data() == current_.body.data() &&
           outgoing.body.size() == current_.body.size();
}

void message_loop::queue(message const& outgoing)
{
    static_assert(static_cast<int>(message_kind::text) == static_cast<int>(protocol::kind::text));
    static_assert(static_cast<int>(message_kind::data) == static_cast<int>(protocol::kind::data));
    if (conn_.ended()) return;
    if (is_current(outgoing)) return conn_.forward(current_frame_);
    conn_.queue(static_cast<protocol::kind>(outgoing.kind), outgoing.body);
}

task<bool> message_loop::send(data_buffer& buffer, std::size_t size)
{
    if (!buffer.memory_ || size > buffer.size_) reject_misuse("the data_buffer is too short, or it is being sent");
    if (conn_.ended() != nullptr) co_return false;
    frame const whole{buffer.complete(size)};
    conn_.queue_in_place(buffer.memory_, whole);
    bool is_open = conn_.try_flush();
    if (!is_open) is_open = co_await conn_.flush();
    if (!buffer.memory_) buffer.memory_ = conn_.take_lent_memory();
    co_return is_open;
}

task<bool> message_loop::shutdown_send(code value, std::string reason)
{
    return conn_.shutdown_send(close_reason::local(value, reason));
}

void message_loop::close(code value, std::string reason)
{
    conn_.abort(close_reason::local(value, reason));
}

void message_loop::deny_unsupported()
{
    conn_.deny(error{code::not_supported, "this service takes texts only"});
}

}  // namespace porter::detail::server

// porter::connection and porter::batch forward to the message_loop.
namespace porter {

batch::iterator batch::begin() const noexcept
{
    return {*source_, &source_->current()};
}

batch::iterator& batch::iterator::operator++()
{
    current_ = source_->next();
    return *this;
}

data_buffer::data_buffer(std::size_t largest)
    : memory_(std::make_unique_for_overwrite<std::byte[]>(header_size + largest)), size_(largest)
{}

/// The header of a data message: its length and kind.
std::span<std::byte const> data_buffer::complete(std::size_t size) noexcept
{
    assert(memory_ && size <= size_);
    auto* const header = memory_.get();
    auto const length = size + 1;
    for (std::size_t i = 0; i < frame_header_size; ++i) {
        header[i] = static_cast<std::byte>(length >> 8 * (frame_header_size - 1 - i));
    }
    header[frame_header_size] = static_cast<std::byte>(message_kind::data);
    return {header, header_size + size};
}

std::string_view connection::name() const noexcept
{
    return loop_->client().name;
}

std::string_view connection::address() const noexcept
{
    return loop_->conn().address().text();
}

porter::auth_method connection::auth_method() const noexcept
{
    return loop_->client().auth_method;
}

std::uint64_t connection::session() const noexcept
{
    return static_cast<std::uint64_t>(loop_->conn().session());
}

std::uint64_t connection::id() const noexcept
{
    return loop_->conn().address().connection();
}

bool connection::is_tls() const noexcept
{
    return loop_->conn().transport() == detail::store::transport::tls;
}

asio::ip::tcp::endpoint connection::peer_endpoint() const
{
    return loop_->conn().peer_endpoint();
}

asio::ip::tcp::endpoint connection::local_endpoint() const
{
    return loop_->conn().local_endpoint();
}

std::size_t connection::max_body() const noexcept
{
    return loop_->conn().max_frame() - 1;
}

bool connection::is_open() const noexcept
{
    return loop_->conn().ended() == nullptr;
}

connection_logger connection::log() const
{
    return loop_->log();
}

task<std::optional<batch>> connection::receive_some()
{
    return loop_->receive_some();
}

message const* connection::next()
{
    return loop_->next();
}

task<std::optional<message>> connection::receive()
{
    auto messages = co_await receive_some();
    if (!messages) co_return std::nullopt;
    co_return *messages->begin();
}

task<result<batch, receive_errc>> connection::receive_some_for(std::chrono::nanoseconds limit)
{
    return loop_->receive_some_for(limit);
}

task<result<message, receive_errc>> connection::receive_for(std::chrono::nanoseconds limit)
{
    auto messages = co_await receive_some_for(limit);
    if (!messages) co_return unexpected(messages.error());
    co_return *messages->begin();
}

task<result<std::string, receive_errc>> connection::receive_text_for(std::chrono::nanoseconds limit)
{
    auto const deadline =
        std::chrono::steady_clock::now() + std::min<std::chrono::nanoseconds>(limit, std::chrono::days{365});
    for (;;) {
        auto arrived = co_await receive_for(deadline - std::chrono::steady_clock::now());
        if (!arrived) co_return unexpected(arrived.error());
        if (arrived->is_text()) co_return std::string{arrived->body};
        loop_->deny_unsupported();
    }
}

task<std::optional<std::string>> connection::receive_text()
{
    for (;;) {
        auto arrived = co_await receive();
        if (!arrived) co_return std::nullopt;
        if (arrived->is_text()) co_return std::string{arrived->body};
        loop_->deny_unsupported();
    }
}

void connection::queue(message const& outgoing)
{
    loop_->queue(outgoing);
}

void connection::queue(std::string_view text)
{
    loop_->queue(message{message_kind::text, text});
}

void connection::queue_data(std::string_view bytes)
{
    loop_->queue(message{message_kind::data, bytes});
}

task<bool> connection::flush()
{
    return loop_->flush();
}

// The sends are plain functions, so that the message is queued before anything can suspend.

task<bool> connection::send(message const& outgoing)
{
    queue(outgoing);
    return flush();
}

task<bool> connection::send(std::string_view text)
{
    queue(text);
    return flush();
}

task<bool> connection::send_data(std::string_view bytes)
{
    queue_data(bytes);
    return flush();
}

task<bool> connection::send(data_buffer& buffer, std::size_t size)
{
    return loop_->send(buffer, size);
}

task<bool> connection::shutdown_send(code value, std::string reason)
{
    return loop_->shutdown_send(value, std::move(reason));
}

void connection::end_on_reset() noexcept
{
    loop_->end_on_reset();
}

void connection::close(code value, std::string reason)
{
    loop_->close(value, std::move(reason));
}

task<void> connection::closed()
{
    return loop_->closed();
}

outbox connection::outbox()
{
    return porter::outbox{loop_->outbox()};
}

}  // namespace porter
