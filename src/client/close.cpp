// How the link writes, and how it ends.

#include <asio/write.hpp>

#include "client/connection_impl.hpp"

namespace porter::detail::client {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds linger_time{2};  // for the server to end its side (docs/PROTOCOL.md, closing)

}  // namespace

task<void> connection_impl::write_loop(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    base::error_code error;
    while (me.open_ && !error) {
        if (!me.socket_.encoder().empty() || !me.requests_.empty()) {
            error = co_await write_queued(self);
        } else if (me.closing_) {
            co_return co_await send_closing(self);
        } else {
            co_await me.output_queued_.wait();
        }
    }
    me.output_broken_ = true;  // hear() learns why, or hears the closing that tells it
}

task<base::error_code> connection_impl::write_queued(std::shared_ptr<connection_impl> self)
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

task<void> connection_impl::send_closing(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
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
        co_await me.close_timer_.async_wait(base::use_tuple);  // ends early whenever the time is set anew
    }
    me.close_socket();
}

task<void> connection_impl::close(std::shared_ptr<connection_impl> self)
{
    auto& me = *self;
    me.begin_close({client_errc::closed, {code::normal, {}}}, code::normal);
    while (me.open_) co_await me.closed_.wait();
}

void connection_impl::fail(client_error why)
{
    if (ended_) return;
    ended_ = std::move(why);
    for (auto const& asked : pending_) asked->resolve(unexpected(*ended_));
    pending_.clear();
    output_written_.notify();
    message_arrived_.notify();
    receive_queue_drained_.notify();
}

void connection_impl::begin_close(client_error why, code said)
{
    if (ended_) return;
    fail(std::move(why));
    if (output_broken_) return close_socket();
    closing_ = said;
    output_queued_.notify();
    close_timer_.expires_after(options_.timeout);
}

void connection_impl::close_socket()
{
    fail({client_errc::lost, {code::normal, "the connection was cut here"}});
    base::error_code ignored;  // closed already
    socket_.close(ignored);
    output_queued_.notify();
}

void connection_impl::fail_protocol(code what, std::string reason)
{
    begin_close({client_errc::protocol, {what, std::move(reason)}}, what);
}

}  // namespace porter::detail::client
