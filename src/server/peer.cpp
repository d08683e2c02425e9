#include "server/peer.hpp"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <utility>

#include "server/io_thread.hpp"
#include "server/proxied.hpp"

namespace porter::rooms::server {
peer::peer(stream socket, identity::address from, io_thread& thread, options const& rules)
    : socket_(std::move(socket)), thread_(thread), times_(rules), address_(std::move(from))
{
    socket_.decoder() = frame_decoder{protocol::opening_limit, &thread.buffers()};
}

peer::~peer()
{
    if (entered_) thread_.leave(*this);
}

void peer::enter()
{
    thread_.enter(*this);
}

task<bool> peer::hear_proxy()
{
    if (ended_) co_return false;
    times_.expect_header();
    auto header = co_await read_proxy_header(socket_);
    times_.have_header();
    if (ended_) co_return false;
    if (!header) {
        end(header.error());
        co_return false;
    }
    if (header->client) address_ = identity::address{*header->client}.at(address_.connection());
    co_return true;
}

task<bool> peer::recognise(encryption* encryption)
{
    if (ended_) co_return false;
    auto recognised = co_await server::recognise(socket_, address_, encryption);
    if (ended_) co_return false;
    recognised_ = true;
    if (!recognised) end(recognised.error());
    co_return !ended_;
}

/// Ends it because of bytes that are no frame.
void peer::refuse(base::error_code const& why)
{
    if (why == frame_errc::frame_too_large) {
        end(ending::by_us(code::frame_too_large,
                          "a frame may have " + std::to_string(socket_.decoder().limit()) + " bytes"));
    } else {
        end(ending::by_us(code::protocol_error, why.message()));
    }
}

task<void> peer::read()
{
    if (place_ != nullptr) place_->let_go();
    times_.start_waiting(socket_.decoder());
    if (!quiet_) socket_.decoder().prepare();
    return base::suspended([this](base::resumption<> resume) {
        resume_.emplace(std::move(resume));
        if (quiet_) return doze();
        waiting_ = wait::for_its_turn;
        thread_.turns().wait(*this);
    });
}

/// At its turn; `at_once`: something is likely to be here. True: wake() it. False: it waits.
bool peer::reads(bool at_once)
{
    waiting_ = wait::for_bytes_to_read;
    here_ = 0;
    failed_ = asio::error::operation_aborted;
    if (ended_) return true;  // nobody would cancel a read that begins now
    if (at_once) {
        auto const room = socket_.decoder().room();
        here_ = socket_.try_read_some(asio::buffer(room.data(), room.size()), failed_);
        if (failed_ != asio::error::would_block) return true;
    }
    begin_reading();
    return false;
}

void peer::begin_reading()
{
    waiting_ = wait::for_bytes_to_read;
    auto const room = socket_.decoder().room();
    socket_.async_read_some(asio::buffer(room.data(), room.size()),
                            [this](base::error_code const& failed, std::size_t size) { wake(failed, size); });
}

void peer::doze()
{
    waiting_ = wait::without_a_buffer;
    socket_.trim();
    socket_.async_wait(stream::wait_read, [this](base::error_code const& failed) { wake(failed, 0); });
}

void peer::wake(base::error_code const& failed, std::size_t size)
{
    failed_ = failed;
    here_ = size;
    wake();
}

void peer::wake()
{
    auto resume = std::move(*resume_);
    resume_.reset();
    std::move(resume)();
}

void peer::came()
{
    times_.stop_waiting();
    if (std::exchange(waiting_, wait::none) == wait::for_bytes_to_read) socket_.decoder().commit(here_);
    if (place_ != nullptr && !place_->hold()) evict();
    if (here_ != 0) times_.have_bytes();
    if (!failed_) {
        quiet_ = false;
    } else if (!quiet_ || failed_ != asio::error::operation_aborted) {
        end_by(failed_);
    }
}

task<std::optional<base::bytes_view>> peer::receive()
{
    for (;;) {
        auto const frame = next();
        if (frame) co_return frame;
        if (ended_) co_return std::nullopt;
        if (!write_at_once()) {
            co_await flush();
        } else {
            co_await read();
            came();
        }
    }
}

void peer::deny(failure const& why)
{
    say(protocol::denied{static_cast<std::uint16_t>(why.what), static_cast<std::uint32_t>(why.retry_after.count()),
                         why.reason});
}

task<bool> peer::flush()
{
    if (place_ != nullptr) place_->let_go();
    base::error_code error;
    while (is_to_write()) {
        auto const bytes = socket_.encoder().pending();
        auto const size =
            co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), base::uncancelled(error));
        note_written(size, error);
    }
    co_return !ended_;
}

/// Replies mostly fit into the system's buffer: then no operation is begun and nobody waits.
bool peer::write_at_once()
{
    base::error_code error;
    while (is_to_write() && !error) {  // twice at most: what is passed on, and what stands behind it
        auto const bytes = socket_.encoder().pending();
        auto const size = socket_.try_write_some({bytes.data(), bytes.size()}, error);
        if (error != asio::error::would_block) note_written(size, error);
        if (size < bytes.size()) break;
    }
    return !ended_ && socket_.encoder().empty();
}

void peer::note_written(std::size_t size, base::error_code const& error)
{
    socket_.encoder().consume(size);
    if (error) return end_by(error);
    if (!socket_.encoder().empty()) return;
    times_.have_written();
    thread_.take_back(socket_.encoder());
}

void peer::borrow()
{
    thread_.lend(socket_.encoder());
}

void peer::admitted()
{
    times_.have_access();
    if (place_ != nullptr) std::exchange(place_, nullptr)->settle();
    thread_.settle(*this);
    socket_.decoder().limit(times_.rules().max_frame);
}

void peer::belongs_to(store::session_id session, base::timestamp expires_at)
{
    session_ = session;
    session_expires_at_ = expires_at;
}

void peer::end(ending why)
{
    if (!ended_) ended_ = std::make_unique<ending const>(std::move(why));
}

void peer::end_by(base::error_code const& failed)
{
    if (failed != asio::error::eof) {
        end(ending::lost(failed.message()));
    } else {
        end(socket_.decoder().partial() ? ending::cut_off() : ending::half_closed());
    }
}

void peer::interrupt(ending why)
{
    end(std::move(why));
    if (leave_.is_set()) return;
    base::error_code ignored;  // it has ended by itself
    socket_.cancel(ignored);
    // A service may wait for something of its own although the connection has ended by itself.
    waits_.emit(asio::cancellation_type::terminal);
}

void peer::evict()
{
    if (leave_.is_set()) return cut();
    interrupt(ending::by_us(code::server_full, "others need the place: come back later"));
}

void peer::cut()
{
    base::error_code ignored;  // closed already
    socket_.close(ignored);
}

void peer::check(time_point now, base::timestamp wall)
{
    if (leave_.is_set()) {
        if (leave_.passed(now)) cut();
        return;
    }
    bool const heard = times_.tick(now, unsent());
    // A password that nobody waits for any more is not worth a hash.
    if (times_.waits_for_access() && waiting_ == wait::none && is_gone())
        return interrupt(ending::lost("the visitor went away"));
    if (auto missed = times_.missed(now)) return interrupt(std::move(*missed));
    if (session_ != 0 && wall >= session_expires_at_) {
        return interrupt(ending::by_us(code::session_ended, "the session has expired"));
    }
    if (waiting_ == wait::for_bytes_to_read && !heard) rest();
}

/// The read that is under way brings nothing: it is cancelled, so that its buffer can be given back.
void peer::rest()
{
    if (quiet_ || ended_) return;
    quiet_ = true;
    base::error_code ignored;  // it has ended by itself
    socket_.cancel(ignored);
}

/// Whether the peer has reset the connection. One that has only shut down its sending side waits for its answers.
bool peer::is_gone()
{
    pollfd state{socket_.native_handle(), 0, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

/// Progress is what the peer's machine acknowledges, not only what ours takes: the system's buffer reports room only
/// when much of it is free, which a peer that reads slowly and steadily needs long for.
std::size_t peer::unsent()
{
    if (socket_.encoder().empty()) return 0;
    int unacknowledged = 0;
    ::ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged);
    return socket_.encoder().size() + static_cast<std::size_t>(unacknowledged);
}

}  // namespace porter::rooms::server
