// How the link writes, and how it ends.

#include <asio/write.hpp>

#include "client/link.hpp"

namespace porter::rooms::client {

namespace {

using cause = client_failure::cause;
using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds linger_time{2};  // for the server to end its side (docs/PROTOCOL.md, closing)

}  // namespace

task<void> link::write(std::shared_ptr<link> self)
{
    auto& me = *self;
    base::error_code error;
    while (me.open_ && !error) {
        if (!me.socket_.encoder().empty() || !me.requests_.empty()) {
            error = co_await write_queued(self);
        } else if (me.farewell_) {
            co_return co_await say_farewell(self);
        } else {
            co_await me.output_queued_.wait();
        }
    }
    me.output_broken_ = true;  // hear() learns why, or hears the closing that tells it
}

task<base::error_code> link::write_queued(std::shared_ptr<link> self)
{
    auto& me = *self;
    base::error_code error;
    co_await me.socket_.flush(error);
    while (!error && !me.requests_.empty()) {
        auto const request = std::move(me.requests_.front());
        me.requests_.pop_front();
        auto const bytes = asio::buffer(request.view().data(), request.view().size());
        auto [failed, size] = co_await asio::async_write(me.socket_, bytes, base::use_tuple);
        error = failed;
    }
    me.pongs_queued_ = 0;
    me.output_written_.notify();
    co_return error;
}

task<void> link::say_farewell(std::shared_ptr<link> self)
{
    auto& me = *self;
    std::string payload;
    protocol::encode(protocol::closing{static_cast<std::uint16_t>(*me.farewell_), me.ended_->reason}, payload);
    me.socket_.queue(payload);
    base::error_code error;
    co_await me.socket_.flush(error);
    if (!error) co_await me.socket_.end_sending();
    me.leave_timer_.expires_after(linger_time);
}

task<void> link::watch_leave(std::shared_ptr<link> self)
{
    auto& me = *self;
    while (me.open_ && me.leave_timer_.expiry() > clock::now()) {
        co_await me.leave_timer_.async_wait(base::use_tuple);  // ends early whenever the time is set anew
    }
    me.cut();
}

task<void> link::close(std::shared_ptr<link> self)
{
    auto& me = *self;
    me.leave({cause::closed, {code::normal, {}}}, code::normal);
    while (me.open_) co_await me.left_.wait();
}

void link::end(client_failure why)
{
    if (ended_) return;
    ended_ = std::move(why);
    for (auto const& asked : questions_) asked->settle(refuse(*ended_));
    questions_.clear();
    output_written_.notify();
    message_arrived_.notify();
    inbox_drained_.notify();
}

void link::leave(client_failure why, code said)
{
    if (ended_) return;
    end(std::move(why));
    if (output_broken_) return cut();
    farewell_ = said;
    output_queued_.notify();
    leave_timer_.expires_after(options_.timeout);
}

void link::cut()
{
    end({cause::lost, {code::normal, "the connection was cut here"}});
    base::error_code ignored;  // closed already
    socket_.close(ignored);
    output_queued_.notify();
}

void link::break_protocol(code what, std::string reason)
{
    leave({cause::protocol, {what, std::move(reason)}}, what);
}

}  // namespace porter::rooms::client
