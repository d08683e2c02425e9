#include "server/peer.hpp"

#include <poll.h>

#include <utility>

#include "server/io_thread.hpp"
#include "server/proxied.hpp"

namespace porter::rooms::server {
namespace {

/// What a connection may hold without being counted: as many as may be open by default hold 312 MiB so at most, and
/// each small message need not take the limiter's mutex.
constexpr std::size_t uncounted_memory = 16 * 1024;

}  // namespace

peer::peer(stream socket, identity::address from, io_thread& thread, options const& rules, log::logger& log)
    : socket_(std::move(socket)), traffic_(log), thread_(thread), times_(rules), address_(std::move(from))
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
    has_spoken_ = recognised.has_value();
    if (ended_) co_return false;
    recognised_ = true;
    if (!recognised) end(recognised.error());
    co_return !ended_;
}

void peer::count_as_health_check()
{
    thread_.count_health_check();
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
    // TLS may have taken more from the socket than it gave: only a plain socket can be waited for instead.
    if (thread_.memory().is_tight() && socket_.decoder().empty() && !socket_.is_tls()) quiet_ = true;
    if (!quiet_) prepare_buffer();
    return base::suspended([this](base::resumption<> resume) {
        resume_.emplace(std::move(resume));
        if (quiet_) return doze();
        waiting_ = wait::for_its_turn;
        thread_.turns().wait(*this);
    });
}

/// Prepares the buffer for the next read, and says at once when it has grown or is small again. Of a connection whose
/// output alone has grown the next tick says so.
void peer::prepare_buffer()
{
    auto& decoder = socket_.decoder();
    decoder.prepare();
    // Small messages, before anything else is touched that is not in the processor's cache.
    if (decoder.capacity() <= uncounted_memory && !memory_) return;
    auto const held = decoder.capacity() + socket_.encoder().capacity() + socket_.buffered();
    if (!memory_) hold_memory();
    memory_->update(held, times_.slow_since());
    if (!memory_->is_evicted()) return;
    end(ending::by_us(code::server_full, "the memory for large messages is taken: come back later"));
}

void peer::hold_memory()
{
    memory_ = std::make_unique<buffer_limiter::share>(thread_.memory(), address_.network());
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
    traffic_.log().debug("request_denied", {{"address", address_.text()},
                                            {"connection", address_.connection()},
                                            {"code", name_of(why.what)},
                                            log::quoted("reason", why.reason),
                                            {"retry_after", why.retry_after.count()}});
    say(protocol::denied{static_cast<std::uint16_t>(why.what), static_cast<std::uint32_t>(why.retry_after.count()),
                         why.reason});
    bool const is_ours = why.what == code::unavailable || why.what == code::busy;
    bool const has_access = !times_.waits_for_access();
    if (!is_ours) ++denials_;
    if (!has_access) ++answers_;
    bool const too_many = denials_ >= (has_access ? max_denials_after_access : max_denials);
    if (too_many || answers_ >= max_access_requests) {
        end(ending::by_us(code::too_many_attempts, "too many attempts on this connection"));
    }
}

task<bool> peer::flush()
{
    if (place_ != nullptr) place_->let_go();
    base::error_code error;
    flushing_ = true;
    while (is_to_write()) {
        auto const bytes = socket_.encoder().pending();
        auto const size =
            co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), base::uncancelled(error));
        note_written(size, error);
    }
    flushing_ = false;
    co_return !ended_;
}

task<bool> peer::flush_before_wait()
{
    if (!write_at_once()) co_await flush();
    if (place_ != nullptr && !place_->hold()) evict();
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

bool peer::take_access(store::account_id account)
{
    using enum access_limiter::verdict;
    if (ended_) return false;
    if (place_ == nullptr) return true;
    auto const verdict = place_->settle(account);
    if (verdict == added) {
        place_ = nullptr;
        return true;
    }
    end(ending::by_us(code::server_full,
                      verdict == account_full ? "too many connections of this account" : "the server is full"));
    return false;
}

void peer::give_up_access()
{
    if (slot_ == nullptr || place_ != nullptr) return;
    slot_->unsettle();
    place_ = slot_;
}

void peer::set_account(store::account_id account)
{
    if (slot_ != nullptr) slot_->set_account(account);
}

void peer::admitted()
{
    times_.have_access();
    denials_ = answers_ = 0;
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
    if (flushing_) {
        auto const queued = socket_.encoder().size();
        times_.watch_output(now, queued, output_position::of(socket_.native_handle()));
    }
    bool const heard = times_.tick(now);
    if (slot_ != nullptr && place_ == nullptr) {
        if (heard) slot_->note_activity(now);
        if (slot_->must_leave()) {
            return interrupt(ending::by_us(code::server_full, "others need the place: come back later"));
        }
    }
    // A password that nobody waits for any more is not worth a hash.
    if (times_.waits_for_access() && waiting_ == wait::none && is_gone())
        return interrupt(ending::lost("the visitor went away"));
    if (auto missed = times_.missed(now)) return interrupt(std::move(*missed));
    watch_memory();
    if (ended_) return;
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

/// Once a tick: says what this connection holds, and ends it when that is for others.
void peer::watch_memory()
{
    auto const& decoder = socket_.decoder();
    auto const held = decoder.capacity() + socket_.encoder().capacity() + socket_.buffered();
    if (held > uncounted_memory) {
        if (!memory_) hold_memory();
        memory_->update(held, times_.slow_since());
    } else {
        memory_.reset();
    }
    if (!memory_ || !memory_->is_evicted()) return;
    auto const what = flushing_ ? code::slow_consumer : code::timeout;
    interrupt(ending::by_us(what, "too slow while others wait for the memory that this takes"));
}

}  // namespace porter::rooms::server
