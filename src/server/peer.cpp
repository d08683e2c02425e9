#include "server/peer.hpp"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <utility>

#include "server/io_thread.hpp"
#include "server/proxied.hpp"

namespace porter::rooms::server {

peer::peer(stream socket, identity::address from, asio::cancellation_signal& waits, io_thread& thread,
           options const& rules)
    : socket_(std::move(socket)),
      address_(std::move(from)),
      waits_(waits),
      thread_(thread),
      rules_(rules),
      access_deadline_(std::chrono::steady_clock::now() + rules.login_grace),
      heard_at_(std::chrono::steady_clock::now())
{
    socket_.decoder().limit(protocol::opening_limit);
    thread_.enter(*this);
}

peer::~peer()
{
    thread_.leave(*this);
}

task<std::optional<ending>> peer::hear_proxy()
{
    opening_deadline_ = std::chrono::steady_clock::now() + rules_.opening_time;
    auto header = co_await read_proxy_header(socket_);
    opening_deadline_.reset();
    if (interrupted_) co_return interrupted_;
    if (!header) co_return header.error();
    if (header->client) address_ = identity::address{*header->client}.at(address_.connection());
    co_return std::nullopt;
}

task<std::optional<ending>> peer::recognise(encryption* encryption)
{
    auto recognised = co_await server::recognise(socket_, address_, encryption);
    if (interrupted_) co_return interrupted_;
    recognised_ = true;
    if (!recognised) co_return recognised.error();
    co_return std::nullopt;
}

std::optional<base::bytes_view> peer::next(std::optional<ending>& failed)
{
    base::error_code error;
    auto frame = socket_.next(error);
    if (frame) ++frames_;
    if (error == frame_errc::frame_too_large) {
        failed = ending::by_us(code::frame_too_large,
                               "a frame may have " + std::to_string(socket_.decoder().limit()) + " bytes");
    } else if (error) {
        failed = ending::by_us(code::protocol_error, error.message());
    }
    return frame;
}

task<std::optional<ending>> peer::fill()
{
    if (place_ != nullptr) place_->let_go();
    auto failed = co_await flush();
    if (failed) co_return failed;
    start_frame_deadline();
    base::error_code error;
    reading_ = true;
    co_await socket_.read_some(error);
    reading_ = false;
    stop_frame_deadline();
    if (place_ != nullptr && !place_->hold()) evict();
    if (interrupted_) co_return interrupted_;
    if (error) co_return ended_by(error);
    heard_ = true;
    co_return std::nullopt;
}

task<result<base::bytes_view, ending>> peer::receive()
{
    for (;;) {
        std::optional<ending> failed = interrupted_;
        if (failed) co_return refuse(*failed);
        auto frame = next(failed);
        if (failed) co_return refuse(*failed);
        if (frame) co_return *frame;
        failed = co_await fill();
        if (failed) co_return refuse(*failed);
    }
}

void peer::deny(failure const& why)
{
    say(protocol::denied{static_cast<std::uint16_t>(why.what), static_cast<std::uint32_t>(why.retry_after.count()),
                         why.reason});
}

task<std::optional<ending>> peer::flush()
{
    if (interrupted_) co_return interrupted_;
    if (socket_.encoder().empty()) co_return std::nullopt;
    base::error_code error;
    co_await socket_.flush(error);
    unwritten_since_.reset();
    if (interrupted_) co_return interrupted_;
    if (error) co_return ended_by(error);
    co_return std::nullopt;
}

task<void> peer::leave(ending const& why, manner how)
{
    if (place_ != nullptr) place_->let_go();
    // From here on only this deadline counts: whatever still waits is cut when it passes. Who took nothing so far will
    // hardly take this; all others get the time for their answers first.
    bool const is_slow = why.what() == code::slow_consumer;
    leave_deadline_ = std::chrono::steady_clock::now();
    if (how == manner::politely) *leave_deadline_ += is_slow ? linger_time : rules_.output_time;
    if (why.way() == ending::how::closed_by_us) {
        say(protocol::closing{static_cast<std::uint16_t>(why.what()), why.reason()});
    }
    if (why.way() != ending::how::lost && can_be_told()) {
        base::error_code error;
        co_await socket_.flush(error);
        if (!error) {
            auto const unsaid = co_await socket_.end_sending();
            error = unsaid;
        }
        leave_deadline_ = std::chrono::steady_clock::now() + linger_time;
        if (!error && how == manner::politely) co_await read_to_the_end();
    }
    base::error_code ignored;  // closing a socket that is already gone
    socket_.close(ignored);
}

/// Who is about to speak TLS and not through with its handshake would take our words for a broken record.
bool peer::can_be_told()
{
    if (socket_.is_tls()) return socket_.is_established();
    return recognised_ || !wants_tls(socket_);
}

task<void> peer::read_to_the_end()
{
    std::string unread(4096, '\0');
    for (;;) {
        auto const [error, size] = co_await socket_.async_read_some(asio::buffer(unread), base::use_tuple);
        if (error) co_return;
    }
}

void peer::admitted()
{
    access_deadline_.reset();
    if (place_ != nullptr) std::exchange(place_, nullptr)->settle();
    socket_.decoder().limit(rules_.max_frame);
}

void peer::belongs_to(store::session_id session, base::timestamp expires_at)
{
    session_ = session;
    session_expires_at_ = expires_at;
}

void peer::interrupt(code why, std::string reason)
{
    end_by(ending::by_us(why, std::move(reason)));
}

void peer::end_by(ending why)
{
    if (interrupted_ || leave_deadline_) return;
    interrupted_ = std::move(why);
    waits_.emit(asio::cancellation_type::terminal);
}

void peer::evict()
{
    if (leave_deadline_) return cut();
    interrupt(code::server_full, "others need the place: come back later");
}

void peer::cut()
{
    base::error_code ignored;  // closed already
    socket_.close(ignored);
}

void peer::check(time_point now, base::timestamp wall)
{
    if (leave_deadline_) {
        if (now >= *leave_deadline_) cut();
        return;
    }
    if (std::exchange(heard_, false)) heard_at_ = now;
    watch_output(now);
    if (opening_deadline_ && now >= *opening_deadline_) {
        return interrupt(code::timeout, "the PROXY header took too long");
    }
    // A password that nobody waits for any more is not worth a hash.
    if (access_deadline_ && !reading_ && is_gone()) return end_by(ending::lost("the visitor went away"));
    if (access_deadline_ && now >= *access_deadline_) return interrupt(code::timeout, "access took too long");
    if (frame_deadline_ && now >= *frame_deadline_) return interrupt(code::timeout, "a frame took too long");
    if (unwritten_since_ && now - *unwritten_since_ >= rules_.output_time) return interrupt(code::slow_consumer);
    if (session_ != 0 && wall >= session_expires_at_) return interrupt(code::session_ended, "the session has expired");
    if (rules_.idle_timeout.count() > 0 && !access_deadline_ && now - heard_at_ >= rules_.idle_timeout) {
        interrupt(code::idle, "nothing was heard for too long");
    }
}

/// Whether the peer has reset the connection. One that has only shut down its sending side waits for its answers.
bool peer::is_gone()
{
    pollfd state{socket_.native_handle(), 0, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

/// Progress is what the peer's machine acknowledges, not only what ours takes: the system's buffer reports room only
/// when much of it is free, which a peer that reads slowly and steadily needs long for.
void peer::watch_output(time_point now)
{
    if (socket_.encoder().empty()) {
        unwritten_since_.reset();
        return;
    }
    int unacknowledged = 0;
    ::ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged);
    auto const waiting = socket_.encoder().size() + static_cast<std::size_t>(unacknowledged);
    if (!unwritten_since_ || waiting != unwritten_) unwritten_since_ = now;
    unwritten_ = waiting;
}

ending peer::ended_by(base::error_code const& failed) const
{
    if (failed == asio::error::eof) return ending::half_closed();
    if (failed == frame_errc::truncated) return ending::cut_off();
    return ending::lost(failed.message());
}

/// The time for a frame runs only while we are the ones who wait: not while the peer takes our output slowly, and not
/// while the service is busy with what came before.
void peer::start_frame_deadline()
{
    auto const& decoder = socket_.decoder();
    if (!decoder.partial()) return;
    if (partial_number_ != frames_) {
        partial_number_ = frames_;
        partial_time_ = {};
    }
    auto const allowed = rules_.frame_time + std::chrono::seconds{decoder.expected() / frame_bytes_per_second};
    waiting_since_ = std::chrono::steady_clock::now();
    frame_deadline_ = waiting_since_ + allowed - partial_time_;
}

void peer::stop_frame_deadline()
{
    if (!frame_deadline_) return;
    partial_time_ += std::chrono::steady_clock::now() - waiting_since_;
    frame_deadline_.reset();
}

}  // namespace porter::rooms::server
