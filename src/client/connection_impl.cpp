#include "client/connection_impl.hpp"

#include <asio/co_spawn.hpp>

#include "client/resolve.hpp"
#include "tls/error.hpp"

namespace porter::detail::client {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t high_water = 64 * 1024;           // unwritten bytes that make senders wait
constexpr std::size_t inbox_limit = 1024 * 1024;        // unreceived bytes that make hearing wait
constexpr std::size_t asking_limit = 64 * inbox_limit;  // the same while an answer may stand behind them

/// A whole frame for a payload, in memory that wipes itself.
base::secret frame_of(base::secret const& payload)
{
    std::string frame;
    frame.reserve(frame_header_size + payload.view().size());  // growing would leave copies behind
    for (std::size_t i = frame_header_size; i-- > 0;) {
        frame.push_back(static_cast<char>(payload.view().size() >> (8 * i) & 0xff));
    }
    frame.append(payload.view());
    base::secret made{frame};
    base::wipe(frame);
    return made;
}

client_error lost(base::error_code error)
{
    bool const ended = error == asio::error::eof || error == frame_errc::truncated || error == tls::errc::truncated;
    return {client_errc::lost, {code::unavailable, ended ? "the server hung up" : error.message()}, error};
}

bool is_to_another_machine(stream const& connected)
{
    base::error_code error;
    auto const peer = connected.remote_endpoint(error);
    return error || !is_loopback(peer.address());
}

}  // namespace

connection_impl::connection_impl(opened_stream way, client_options options)
    : executor_(way.socket.get_executor()),
      socket_(std::move(way.socket)),
      options_(std::move(options)),
      remote_(is_to_another_machine(socket_)),
      server_key_(std::move(way.server_key)),
      server_authority_(std::move(way.server_authority)),
      trust_source_(way.trust_source),
      close_timer_(executor_, clock::time_point::max()),
      output_queued_(executor_),
      output_written_(executor_),
      message_arrived_(executor_),
      receive_queue_drained_(executor_),
      closed_(executor_)
{
    socket_.decoder().limit(protocol::opening_limit + server_overhead);
}

void connection_impl::start(std::shared_ptr<connection_impl> const& self)
{
    auto const finished = [self](std::exception_ptr const& defect) {
        if (!defect) return;  // as it should be; else memory ran out
        self->fail({client_errc::lost, {code::internal, "the client failed within"}});
        self->close_socket();
    };
    asio::co_spawn(self->executor_, read_loop(self), finished);
    asio::co_spawn(self->executor_, write_loop(self), finished);
    asio::co_spawn(self->executor_, watch_close(self), finished);
}

// Questions.

task<client_result<reply>> connection_impl::request(std::shared_ptr<connection_impl> self, base::secret payload,
                                                    expected wanted)
{
    auto& me = *self;
    if (me.ended_) co_return unexpected(*me.ended_);
    auto const unfit = me.validate(payload);
    if (unfit) co_return unexpected(*unfit);
    auto const asked = me.add_request(wanted);
    me.requests_.push_back(frame_of(payload));
    me.output_queued_.notify();
    auto said = co_await wait_for_reply(self, asked);
    co_return said;
}

task<client_result<reply>> connection_impl::wait_for_reply(std::shared_ptr<connection_impl> self,
                                                           std::shared_ptr<pending_request> asked)
{
    auto& me = *self;
    while (!asked->resolved && !asked->done.is_set()) co_await asked->done.wait();
    if (!asked->resolved) {
        me.begin_close({client_errc::timed_out, {code::timeout, "the server did not answer in time"}}, code::timeout);
    }
    co_return std::move(*asked->resolved);
}

task<client_result<void>> connection_impl::open(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    std::string payload;
    protocol::encode(protocol::hello{protocol::version, me.options_.agent}, payload);
    auto welcome = co_await request(self, base::secret{payload}, expected::welcome);
    if (!welcome) co_return unexpected(welcome.error());
    if (me.implied_grant_) {
        auto let_in = co_await wait_for_reply(self, me.implied_grant_);
        if (!let_in) co_return unexpected(let_in.error());
    }
    co_return client_result<void>{};
}

std::optional<client_error> connection_impl::validate(base::secret const& payload) const
{
    auto const limit = granted_ ? server_.max_frame : protocol::opening_limit;
    if (payload.view().size() <= limit) return std::nullopt;
    auto reason = "the server takes frames of at most " + std::to_string(limit) + " bytes here";
    return client_error{client_errc::not_sent, {code::frame_too_large, std::move(reason)}};
}

std::shared_ptr<pending_request> connection_impl::add_request(expected wanted)
{
    auto const deadline = granted_ ? clock::time_point::max() : clock::now() + options_.timeout;
    pending_.push_back(std::make_shared<pending_request>(executor_, wanted, deadline));
    receive_queue_drained_.notify();  // more of it is heard while an answer is wanted
    return pending_.back();
}

// Talk.

task<client_result<void>> connection_impl::send(std::shared_ptr<connection_impl> self, message_kind what,
                                                std::string body)
{
    auto& me = *self;
    while (!me.ended_ && me.socket_.encoder().size() > high_water) co_await me.output_written_.wait();
    if (me.ended_) co_return unexpected(*me.ended_);
    me.socket_.encoder().add({std::as_bytes(std::span{&what, 1}), base::as_bytes(body)});
    if (what == message_kind::data) me.sent_data_ = true;
    me.output_queued_.notify();
    co_return client_result<void>{};
}

task<std::optional<message>> connection_impl::receive(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    while (me.received_.empty() && !me.ended_) co_await me.message_arrived_.wait();
    auto const* received = me.next();
    if (received == nullptr) co_return std::nullopt;
    co_return *received;
}

task<std::optional<std::string>> connection_impl::receive_text(std::shared_ptr<connection_impl> self)
{
    for (;;) {
        auto received = co_await receive(self);
        if (!received) co_return std::nullopt;
        if (received->is_text()) co_return std::string{received->body};
    }
}

message const* connection_impl::next()
{
    if (received_.empty()) return nullptr;
    bool const was_full = is_full();
    auto const& oldest = received_.pop();
    if (was_full && !is_full()) receive_queue_drained_.notify();
    return &oldest;
}

bool connection_impl::is_full() const noexcept
{
    return received_.size() >= (pending_.empty() ? inbox_limit : asking_limit);
}

// The coroutines of the link.

task<void> connection_impl::read_loop(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    base::error_code error;
    while (!error) {
        me.dispatch_frames();
        if (me.ended_ && !me.closing_) break;
        if (me.is_full() && !me.closing_) {
            co_await me.receive_queue_drained_.wait();
        } else {
            co_await me.socket_.read_some(error);
        }
    }
    if (error) me.fail(lost(error));
    me.open_ = false;
    me.close_socket();
    me.close_timer_.cancel();
    me.closed_.notify();
}

}  // namespace porter::detail::client
