#include "server/connection.hpp"

#include <poll.h>

#include <utility>

#include "server/proxy_protocol.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {
namespace {

/// What a connection may hold without being counted: as many as may be open by default hold 312 MiB so at most, and
/// each small message need not take the limiter's mutex.
constexpr std::size_t uncounted_memory = 16 * 1024;

}  // namespace

connection::connection(stream socket, identity::address from, worker& thread, options const& options, log::logger& log)
    : socket_(std::move(socket)), traffic_(log), worker_(thread), timeouts_(options), address_(std::move(from))
{
    socket_.decoder() = frame_decoder{protocol::opening_limit, &thread.buffers()};
}

connection::~connection()
{
    if (attached_) worker_.remove(*this);
}

void connection::attach_worker()
{
    worker_.add(*this);
}

task<bool> connection::read_proxy_header()
{
    if (close_reason_) co_return false;
    timeouts_.start_proxy_header();
    auto header = co_await server::read_proxy_header(socket_);
    timeouts_.stop_proxy_header();
    if (close_reason_) co_return false;
    if (!header) {
        end(header.error());
        co_return false;
    }
    if (header->client) address_ = identity::address{*header->client}.with_connection(address_.connection());
    co_return true;
}

task<bool> connection::detect_tls(tls_acceptor* encryption)
{
    if (close_reason_) co_return false;
    auto recognised = co_await server::detect_tls(socket_, address_, encryption);
    has_spoken_ = recognised.has_value();
    if (close_reason_) co_return false;
    protocol_known_ = true;
    if (!recognised) end(recognised.error());
    co_return !close_reason_;
}

void connection::count_as_health_check()
{
    worker_.count_health_check();
}

/// Ends it because of bytes that are no frame.
void connection::end_with_frame_error(base::error_code const& why)
{
    if (why == frame_errc::frame_too_large) {
        end(close_reason::local(code::frame_too_large,
                                "a frame may have " + std::to_string(socket_.decoder().limit()) + " bytes"));
    } else {
        end(close_reason::local(code::protocol_error, why.message()));
    }
}

task<void> connection::wait_for_input()
{
    if (evictable_slot_ != nullptr) evictable_slot_->unpin();
    timeouts_.start_read(socket_.decoder());
    // TLS may have taken more from the socket than it gave: only a plain socket can be waited for instead.
    if (worker_.memory().is_tight() && socket_.decoder().empty() && !socket_.is_tls()) idle_ = true;
    if (!idle_) prepare_buffer();
    return base::suspend([this](base::resume_handler<> resume) {
        resume_.emplace(std::move(resume));
        if (idle_) return wait_without_buffer();
        read_state_ = read_state::scheduled;
        worker_.scheduler().schedule(*this);
    });
}

/// Prepares the buffer for the next read, and says at once when it has grown or is small again. Of a connection whose
/// output alone has grown the next tick says so.
void connection::prepare_buffer()
{
    auto& decoder = socket_.decoder();
    decoder.prepare();
    // Small messages, before anything else is touched that is not in the processor's cache.
    if (decoder.capacity() <= uncounted_memory && !memory_) return;
    auto const held = decoder.capacity() + socket_.encoder().capacity() + socket_.buffered();
    if (!memory_) count_memory();
    memory_->update(held, timeouts_.slow_since());
    if (!memory_->is_evicted()) return;
    end(close_reason::local(code::server_full, "the memory for large messages is taken: come back later"));
}

void connection::count_memory()
{
    memory_ = std::make_unique<buffer_limiter::share>(worker_.memory(), address_.network());
}

/// At its turn; `at_once`: something is likely to be here. True: wake() it. False: it waits.
bool connection::try_read(bool at_once)
{
    read_state_ = read_state::reading;
    bytes_read_ = 0;
    failed_ = asio::error::operation_aborted;
    if (close_reason_) return true;  // nobody would cancel a read that begins now
    if (at_once) {
        auto const room = socket_.decoder().room();
        bytes_read_ = socket_.try_read_some(asio::buffer(room.data(), room.size()), failed_);
        if (failed_ != asio::error::would_block) return true;
    }
    start_read();
    return false;
}

void connection::start_read()
{
    read_state_ = read_state::reading;
    auto const room = socket_.decoder().room();
    socket_.async_read_some(asio::buffer(room.data(), room.size()),
                            [this](base::error_code const& failed, std::size_t size) { resume(failed, size); });
}

void connection::wait_without_buffer()
{
    read_state_ = read_state::waiting_without_buffer;
    socket_.trim();
    socket_.async_wait(stream::wait_read, [this](base::error_code const& failed) { resume(failed, 0); });
}

void connection::resume(base::error_code const& failed, std::size_t size)
{
    failed_ = failed;
    bytes_read_ = size;
    resume();
}

void connection::resume()
{
    auto resume = std::move(*resume_);
    resume_.reset();
    std::move(resume)();
}

void connection::finish_read()
{
    timeouts_.stop_read();
    if (std::exchange(read_state_, read_state::ready) == read_state::reading) socket_.decoder().commit(bytes_read_);
    if (evictable_slot_ != nullptr && !evictable_slot_->pin()) evict();
    if (bytes_read_ != 0) timeouts_.on_activity();
    if (!failed_) {
        idle_ = false;
    } else if (!idle_ || failed_ != asio::error::operation_aborted) {
        end_with_error(failed_);
    }
}

task<std::optional<base::bytes_view>> connection::receive()
{
    for (;;) {
        auto const frame = next();
        if (frame) co_return frame;
        if (close_reason_) co_return std::nullopt;
        if (!try_flush()) {
            co_await flush();
        } else {
            co_await wait_for_input();
            finish_read();
        }
    }
}

void connection::deny(error const& why)
{
    traffic_.log().debug("request_denied", {{"address", address_.text()},
                                            {"connection", address_.connection()},
                                            {"code", name_of(why.code)},
                                            log::quoted("reason", why.reason),
                                            {"retry_after", why.retry_after.count()}});
    send(protocol::denied{static_cast<std::uint16_t>(why.code), static_cast<std::uint32_t>(why.retry_after.count()),
                          why.reason});
    bool const is_ours = why.code == code::unavailable || why.code == code::busy;
    bool const has_access = !timeouts_.is_access_pending();
    if (!is_ours) ++denials_;
    if (!has_access) ++replies_;
    bool const too_many = denials_ >= (has_access ? max_denials_after_access : max_denials);
    if (too_many || replies_ >= max_access_requests) {
        end(close_reason::local(code::too_many_attempts, "too many attempts on this connection"));
    }
}

task<bool> connection::flush()
{
    if (evictable_slot_ != nullptr) evictable_slot_->unpin();
    base::error_code error;
    flushing_ = true;
    while (has_output()) {
        auto const bytes = socket_.encoder().pending();
        auto const size =
            co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), base::uncancelled(error));
        on_written(size, error);
    }
    flushing_ = false;
    co_return !close_reason_;
}

task<bool> connection::flush_before_wait()
{
    if (!try_flush()) co_await flush();
    if (evictable_slot_ != nullptr && !evictable_slot_->pin()) evict();
    co_return !close_reason_;
}

/// Replies mostly fit into the system's buffer: then no operation is begun and nobody waits.
bool connection::try_flush()
{
    base::error_code error;
    while (has_output() && !error) {  // twice at most: what is passed on, and what stands behind it
        auto const bytes = socket_.encoder().pending();
        auto const size = socket_.try_write_some({bytes.data(), bytes.size()}, error);
        if (error != asio::error::would_block) on_written(size, error);
        if (size < bytes.size()) break;
    }
    return !close_reason_ && socket_.encoder().empty();
}

void connection::on_written(std::size_t size, base::error_code const& error)
{
    socket_.encoder().consume(size);
    if (error) return end_with_error(error);
    if (!socket_.encoder().empty()) return;
    timeouts_.on_written();
    worker_.return_output(socket_.encoder());
}

void connection::borrow_output()
{
    worker_.lend_output(socket_.encoder());
}

bool connection::commit_access(store::account_id account)
{
    using enum access_limiter::decision;
    if (close_reason_) return false;
    if (evictable_slot_ == nullptr) return true;
    auto const decision = evictable_slot_->commit(account);
    if (decision == added) {
        evictable_slot_ = nullptr;
        return true;
    }
    end(close_reason::local(code::server_full,
                            decision == account_full ? "too many connections of this account" : "the server is full"));
    return false;
}

void connection::uncommit_access()
{
    if (slot_ == nullptr || evictable_slot_ != nullptr) return;
    slot_->uncommit();
    evictable_slot_ = slot_;
}

void connection::set_account(store::account_id account)
{
    if (slot_ != nullptr) slot_->set_account(account);
}

void connection::on_access_granted()
{
    timeouts_.stop_access();
    denials_ = replies_ = 0;
    worker_.mark_authenticated(*this);
    socket_.decoder().limit(timeouts_.options().max_frame);
}

void connection::set_session(store::session_id session, base::timestamp expires_at)
{
    session_ = session;
    session_expires_at_ = expires_at;
}

void connection::end(close_reason why)
{
    if (!close_reason_) close_reason_ = std::make_unique<close_reason const>(std::move(why));
}

void connection::end_with_error(base::error_code const& failed)
{
    if (failed != asio::error::eof) {
        end(close_reason::lost(failed.message()));
    } else {
        end(socket_.decoder().partial() ? close_reason::truncated() : close_reason::half_closed());
    }
}

void connection::abort(close_reason why)
{
    end(std::move(why));
    if (close_deadline_.is_set()) return;
    base::error_code ignored;  // it has ended by itself
    socket_.cancel(ignored);
    // A service may wait for something of its own although the connection has ended by itself.
    cancellation_.emit(asio::cancellation_type::terminal);
}

void connection::evict()
{
    if (close_deadline_.is_set()) return close_socket();
    abort(close_reason::local(code::server_full, "others need the place: come back later"));
}

void connection::close_socket()
{
    base::error_code ignored;  // closed already
    socket_.close(ignored);
}

void connection::on_tick(time_point now, base::timestamp wall)
{
    if (close_deadline_.is_set()) {
        if (close_deadline_.passed(now)) close_socket();
        return;
    }
    if (flushing_) {
        auto const queued = socket_.encoder().size();
        timeouts_.watch_output(now, queued, output_position::of(socket_.native_handle()));
    }
    bool const heard = timeouts_.tick(now);
    if (slot_ != nullptr && evictable_slot_ == nullptr) {
        if (heard) slot_->note_activity(now);
        if (slot_->must_close()) {
            return abort(close_reason::local(code::server_full, "others need the place: come back later"));
        }
    }
    // A password that nobody waits for any more is not worth a hash.
    if (timeouts_.is_access_pending() && read_state_ == read_state::ready && is_gone())
        return abort(close_reason::lost("the visitor went away"));
    if (auto missed = timeouts_.expired(now)) return abort(std::move(*missed));
    update_memory();
    if (close_reason_) return;
    if (session_ != 0 && wall >= session_expires_at_) {
        return abort(close_reason::local(code::session_ended, "the session has expired"));
    }
    if (read_state_ == read_state::reading && !heard) release_buffer();
}

/// The read that is under way brings nothing: it is cancelled, so that its buffer can be given back.
void connection::release_buffer()
{
    if (idle_ || close_reason_) return;
    idle_ = true;
    base::error_code ignored;  // it has ended by itself
    socket_.cancel(ignored);
}

/// Whether the peer has reset the connection. One that has only shut down its sending side waits for its answers.
bool connection::is_gone()
{
    pollfd state{socket_.native_handle(), 0, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

/// Once a tick: says what this connection holds, and ends it when that is for others.
void connection::update_memory()
{
    auto const& decoder = socket_.decoder();
    auto const held = decoder.capacity() + socket_.encoder().capacity() + socket_.buffered();
    if (held > uncounted_memory) {
        if (!memory_) count_memory();
        memory_->update(held, timeouts_.slow_since());
    } else {
        memory_.reset();
    }
    if (!memory_ || !memory_->is_evicted()) return;
    auto const what = flushing_ ? code::slow_consumer : code::timeout;
    abort(close_reason::local(what, "too slow while others wait for the memory that this takes"));
}

}  // namespace porter::detail::server
