#include "client/link.hpp"

#include <asio/co_spawn.hpp>

#include "client/resolving.hpp"
#include "tls/error.hpp"

namespace porter::rooms::client {

namespace {

using cause = client_failure::cause;
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

client_failure lost(base::error_code error)
{
    bool const ended = error == asio::error::eof || error == frame_errc::truncated || error == tls::errc::truncated;
    return {cause::lost, {code::unavailable, ended ? "the server hung up" : error.message()}, error};
}

bool is_to_another_machine(stream const& connected)
{
    base::error_code error;
    auto const peer = connected.remote_endpoint(error);
    return error || !is_loopback(peer.address());
}

}  // namespace

link::link(opened way, client_options options)
    : executor_(way.socket.get_executor()),
      socket_(std::move(way.socket)),
      options_(std::move(options)),
      remote_(is_to_another_machine(socket_)),
      server_key_(std::move(way.server_key)),
      server_authority_(std::move(way.server_authority)),
      trusted_by_(way.trusted_by),
      leave_timer_(executor_, clock::time_point::max()),
      output_queued_(executor_),
      output_written_(executor_),
      message_arrived_(executor_),
      inbox_drained_(executor_),
      left_(executor_)
{
    socket_.decoder().limit(protocol::opening_limit + server_overhead);
}

void link::start(std::shared_ptr<link> const& self)
{
    auto const finished = [self](std::exception_ptr const& defect) {
        if (!defect) return;  // as it should be; else memory ran out
        self->end({cause::lost, {code::internal, "the client failed within"}});
        self->cut();
    };
    asio::co_spawn(self->executor_, hear(self), finished);
    asio::co_spawn(self->executor_, write(self), finished);
    asio::co_spawn(self->executor_, watch_leave(self), finished);
}

// Questions.

task<client_result<answer>> link::ask(std::shared_ptr<link> self, base::secret payload, expected wanted)
{
    auto& me = *self;
    if (me.ended_) co_return refuse(*me.ended_);
    auto const unfit = me.unfit(payload);
    if (unfit) co_return refuse(*unfit);
    auto const asked = me.expect(wanted);
    me.requests_.push_back(frame_of(payload));
    me.output_queued_.notify();
    auto said = co_await hear_answer(self, asked);
    co_return said;
}

task<client_result<answer>> link::hear_answer(std::shared_ptr<link> self, std::shared_ptr<question> asked)
{
    auto& me = *self;
    while (!asked->came && !asked->answered.is_over()) co_await asked->answered.wait();
    if (!asked->came) {
        me.leave({cause::timed_out, {code::timeout, "the server did not answer in time"}}, code::timeout);
    }
    co_return std::move(*asked->came);
}

task<client_result<void>> link::open(std::shared_ptr<link> self)
{
    auto& me = *self;
    std::string payload;
    protocol::encode(protocol::hello{protocol::version, me.options_.agent}, payload);
    auto welcome = co_await ask(self, base::secret{payload}, expected::welcome);
    if (!welcome) co_return refuse(welcome.error());
    if (me.at_once_) {
        auto let_in = co_await hear_answer(self, me.at_once_);
        if (!let_in) co_return refuse(let_in.error());
    }
    co_return client_result<void>{};
}

std::optional<client_failure> link::unfit(base::secret const& payload) const
{
    auto const limit = granted_ ? server_.max_frame : protocol::opening_limit;
    if (payload.view().size() <= limit) return std::nullopt;
    auto reason = "the server takes frames of at most " + std::to_string(limit) + " bytes here";
    return client_failure{cause::not_sent, {code::frame_too_large, std::move(reason)}};
}

std::shared_ptr<question> link::expect(expected wanted)
{
    auto const deadline = granted_ ? clock::time_point::max() : clock::now() + options_.timeout;
    questions_.push_back(std::make_shared<question>(executor_, wanted, deadline));
    inbox_drained_.notify();  // more of it is heard while an answer is wanted
    return questions_.back();
}

// Talk.

task<client_result<void>> link::send(std::shared_ptr<link> self, message::kind what, std::string body)
{
    auto& me = *self;
    while (!me.ended_ && me.socket_.encoder().size() > high_water) co_await me.output_written_.wait();
    if (me.ended_) co_return refuse(*me.ended_);
    me.socket_.encoder().add({std::as_bytes(std::span{&what, 1}), base::as_bytes(body)});
    if (what == message::kind::data) me.sent_data_ = true;
    me.output_queued_.notify();
    co_return client_result<void>{};
}

task<std::optional<message>> link::receive(std::shared_ptr<link> self)
{
    auto& me = *self;
    while (me.inbox_.empty() && !me.ended_) co_await me.message_arrived_.wait();
    auto const* received = me.next();
    if (received == nullptr) co_return std::nullopt;
    co_return *received;
}

task<std::optional<std::string>> link::receive_text(std::shared_ptr<link> self)
{
    for (;;) {
        auto received = co_await receive(self);
        if (!received) co_return std::nullopt;
        if (received->is_text()) co_return std::string{received->body};
    }
}

message const* link::next()
{
    if (inbox_.empty()) return nullptr;
    bool const was_full = is_full();
    auto const& oldest = inbox_.pop();
    if (was_full && !is_full()) inbox_drained_.notify();
    return &oldest;
}

bool link::is_full() const noexcept
{
    return inbox_.size() >= (questions_.empty() ? inbox_limit : asking_limit);
}

// The coroutines of the link.

task<void> link::hear(std::shared_ptr<link> self)
{
    auto& me = *self;
    base::error_code error;
    while (!error) {
        me.take_up_frames();
        if (me.ended_ && !me.farewell_) break;
        if (me.is_full() && !me.farewell_) {
            co_await me.inbox_drained_.wait();
        } else {
            co_await me.socket_.read_some(error);
        }
    }
    if (error) me.end(lost(error));
    me.open_ = false;
    me.cut();
    me.leave_timer_.cancel();
    me.left_.notify();
}

}  // namespace porter::rooms::client
