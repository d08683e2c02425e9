#include "server/connection.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <system_error>
#include <utility>

#include "base/network.hpp"
#include "server/ban_set.hpp"
#include "server/peer_state.hpp"
#include "server/proxy_protocol.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {
namespace {

/// Memory that a connection may hold without being counted, so that a small message does not take the limiter's mutex.
/// By default this is at most 312 MiB in 20,000 connections.
constexpr std::size_t uncounted_memory = 16 * 1024;

constexpr std::chrono::seconds health_check_time{5};
constexpr std::chrono::seconds first_probe{2};  // of a peer that has ended its input
constexpr std::chrono::seconds next_probe{10};

close_reason const out_of_memory = close_reason::local(code::internal);

/// Discards what has arrived, TLS or not.
void discard_input(base::tcp_socket& socket, base::error_code& error)
{
    std::array<char, 4096> unread;
    socket.receive(asio::buffer(unread), 0, error);
    if (error == asio::error::would_block) error.clear();
}

/// Whether the peer has ended its side already: then closing the socket is enough.
bool peer_ended_first(close_reason const& reason)
{
    return reason.kind() == close_reason::kind_type::half_closed || reason.kind() == close_reason::kind_type::truncated;
}

}  // namespace

connection::connection(stream socket, identity::address peer, worker& worker, base::published<options> const& options,
                       log::logger& log)
    : socket_(std::move(socket)), traffic_(log), worker_(worker), timeouts_(options), address_(std::move(peer))
{
    socket_.decoder() = frame_decoder{protocol::opening_limit, &worker.buffers()};
}

connection::~connection()
{
    if (attached_) worker_.remove(*this);
}

void connection::reason_deleter::operator()(close_reason const* reason) const noexcept
{
    if (reason != &out_of_memory) delete reason;
}

void connection::attach()
{
    worker_.add(*this);
}

void connection::attach(connection_slot& slot)
{
    attach();
    evictable_slot_ = slot_ = &slot;
}

task<void> connection::read_proxy_header()
{
    if (close_reason_ || !is_proxy(timeouts_.options(), address_.ip())) co_return;
    timeouts_.start_proxy_header();
    auto header = co_await server::read_proxy_header(socket_);
    timeouts_.stop_proxy_header();
    if (close_reason_) co_return;
    if (!header) co_return end(header.error());
    if (header->client && header->server) {
        proxied_ = std::make_unique<proxied_endpoints const>(
            proxied_endpoints{{*header->client, header->client_port}, *header->server});
    }
    auto const proxy = std::exchange(address_, header->client ? identity::address{*header->client} : address_);
    address_ = address_.with_connection(proxy.connection());
    traffic_.log().with(address_).debug("proxy_header_read", {{"proxy", proxy.text()}});
    if (slot_ == nullptr || address_ == proxy) co_return;
    // A proxy's own address has no limit of connections; each of its clients has.
    std::optional<slot_owner> evicted;
    bool const moved = slot_->move_to(address_.network(), evicted);
    if (evicted) notify_evicted(*evicted);
    if (!moved) end(close_reason::local(code::server_full, "too many connections from your network"));
}

void connection::end_if_banned()
{
    if (close_reason_ || is_of_proxy()) return;
    auto const* const ban = worker_.find_ban(address_.ip());
    if (ban == nullptr || (!ban->is_silent && !protocol_known_)) return;
    log_ban_rejected(traffic_.log(), address_, *ban);
    end(close_reason::banned(ban->is_silent));
}

asio::ip::tcp::endpoint connection::peer_endpoint() const
{
    if (proxied_) return {address_.ip(), proxied_->client.port()};
    base::error_code error;
    auto const found = socket_.remote_endpoint(error);
    return {address_.ip(), error ? std::uint16_t{0} : found.port()};
}

asio::ip::tcp::endpoint connection::local_endpoint() const
{
    base::error_code error;
    auto const found = proxied_ ? proxied_->server : socket_.local_endpoint(error);
    return {base::canonical(found.address()), found.port()};
}

task<void> connection::detect_tls(tls_acceptor* tls)
{
    if (close_reason_) co_return;
    auto detected = co_await server::detect_tls(socket_, address_, tls);
    has_plain_input_ = detected.has_value();
    if (close_reason_) co_return;
    protocol_known_ = true;
    if (!detected) co_return end(detected.error());
    if (socket_.is_established()) log_tls();
}

void connection::log_tls()
{
    if (!traffic_.log().writes(log::level::debug)) return;
    auto const agreed = socket_.agreement();
    if (!agreed) return;
    traffic_.log().with(address_).debug(
        "tls_established", {{"version", agreed->version}, {"cipher", agreed->cipher}, {"group", agreed->group}});
}

bool connection::count_health_check(time_point now)
{
    auto const kind = close_reason_->kind();
    bool const is_by_peer = kind == close_reason::kind_type::half_closed || kind == close_reason::kind_type::lost;
    bool const has_input = has_plain_input_ || socket_.is_tls();
    if (!is_by_peer || has_input || now - accepted_at() >= health_check_time) return false;
    worker_.count_health_check();
    return true;
}

worker_statistics& connection::statistics() noexcept
{
    return worker_.statistics();
}

void connection::end_with_frame_error(base::error_code const& error)
{
    if (error != frame_errc::frame_too_large) return end(close_reason::local(code::protocol_error, error.message()));
    auto const limit = std::to_string(socket_.decoder().limit());
    end(close_reason::local(code::frame_too_large, "a frame may have " + limit + " bytes"));
}

task<void> connection::read()
{
    if (evictable_slot_ != nullptr) evictable_slot_->unpin();
    timeouts_.start_read(socket_.decoder());
    return reader_.read();
}

/// Prepares the buffer of the next read, and counts it at once when it has grown or is small again. A connection whose
/// output alone has grown is counted at the next tick.
void connection::prepare_buffer()
{
    auto& decoder = socket_.decoder();
    decoder.prepare();
    // For small messages this returns before it touches anything else that is not in the processor's cache.
    if (decoder.capacity() <= uncounted_memory && !memory_) return;
    count_memory();
    if (memory_->is_evicted()) {
        end(close_reason::local(code::server_full, "the memory for large messages is used up: try again later"));
    }
}

void connection::on_read(base::error_code const& error, std::size_t size)
{
    timeouts_.stop_read();
    if (evictable_slot_ != nullptr && !evictable_slot_->pin()) evict();
    if (size != 0) timeouts_.on_activity();
    if (error) end_with_error(error);
}

/// A read that no coroutine awaits has thrown.
void connection::on_unawaited_error()
{
    end(close_reason::local(code::internal, "out of memory"));
}

task<std::optional<frame>> connection::receive()
{
    for (;;) {
        auto const received = next();
        if (received) co_return received;
        if (close_reason_) co_return std::nullopt;
        if (!try_flush()) {
            co_await flush();
        } else {
            co_await read();
        }
    }
}

void connection::deny(error const& denial)
{
    auto const retry_after = denial.retry_after.count();
    traffic_.log().with(address_).debug(
        "request_denied",
        {{"code", name_of(denial.code)}, log::quoted("reason", denial.reason), {"retry_after", retry_after}});
    queue(protocol::denied{static_cast<std::uint16_t>(denial.code), static_cast<std::uint32_t>(retry_after),
                           denial.reason});
    statistics().count_denied(denial.code);
    bool const has_access = !timeouts_.is_access_pending();
    bool const is_half_login = denial.code == code::second_factor && !has_access;
    bool const is_no_failure = denial.code == code::unavailable || denial.code == code::busy || is_half_login;
    if (!is_no_failure) ++denials_;
    if (!has_access) ++all_denials_;
    bool const too_many = denials_ >= (has_access ? max_denials_after_access : max_denials);
    if (too_many || all_denials_ >= max_access_requests) {
        end(close_reason::local(code::too_many_attempts, "too many attempts on this connection"));
    }
}

void connection::queue_in_place(std::unique_ptr<std::byte[]>& memory, frame const& whole)
{
    if (is_sending_ended()) return;
    auto& state = concurrency();
    bool const is_first = socket_.encoder().empty();
    forward(whole);
    if (!is_first) return;  // it was copied
    state.lent_memory = std::move(memory);
    state.is_lent_pending = true;
}

std::unique_ptr<std::byte[]> connection::take_lent_memory() noexcept
{
    if (!concurrency_ || concurrency_->is_lent_pending) return nullptr;
    return std::move(concurrency_->lent_memory);
}

task<bool> connection::flush()
{
    if (evictable_slot_ != nullptr) evictable_slot_->unpin();
    auto& output = writer();
    output.start();
    auto const target = output.written() + socket_.encoder().size();
    while (!close_reason_ && output.written() < target) co_await output.wait();
    co_return !close_reason_;
}

connection::concurrency_state& connection::concurrency()
{
    if (!concurrency_) concurrency_ = std::make_unique<concurrency_state>(*this);
    return *concurrency_;
}

void connection::interrupt_waits()
{
    reader_.interrupt();
    if (concurrency_) concurrency_->writer.resume_all();
}

io_executor connection::executor() const noexcept
{
    return worker_.executor();
}

void connection::on_answer_started()
{
    receiving_.answer = answer_state::running;
}

void connection::on_answered(std::exception_ptr escaped)
{
    receiving_.answer = answer_state::done;
    concurrency_->answer_error = std::move(escaped);  // start_answer() has made it
    concurrency_->writer.resume_all();
}

void connection::end_answer()
{
    receiving_.answer = answer_state::none;
    if (auto const escaped = std::exchange(concurrency_->answer_error, nullptr)) std::rethrow_exception(escaped);
}

task<bool> connection::flush_before_wait()
{
    if (!try_flush()) co_await flush();
    if (evictable_slot_ != nullptr && !evictable_slot_->pin()) evict();
    co_return !close_reason_;
}

/// Replies mostly fit into the socket's buffer: then no asynchronous operation is started.
bool connection::try_flush()
{
    if (is_writing()) return false;
    base::error_code error;
    while (has_output() && !error) {  // twice at most: the frames passed on, and those behind them
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
    if (concurrency_ && !socket_.encoder().has_forwarded()) concurrency_->is_lent_pending = false;
    if (error) return end_with_error(error);
    if (!socket_.encoder().empty()) return;
    timeouts_.on_written();
    worker_.return_output(socket_.encoder());
}

void connection::borrow_output()
{
    worker_.lend_output(socket_.encoder());
}

std::size_t connection::held_memory() const noexcept
{
    auto const posted = concurrency_ ? concurrency_->writer.posted() : 0;
    return socket_.decoder().capacity() + socket_.encoder().capacity() + socket_.buffered() + posted;
}

void connection::count_memory()
{
    if (!memory_) memory_ = std::make_unique<buffer_limiter::share>(worker_.memory(), address_.network());
    memory_->update(held_memory(), timeouts_.slow_since());
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

void connection::on_access_granted()
{
    timeouts_.stop_access();
    denials_ = all_denials_ = 0;
    worker_.mark_authenticated(*this);
    socket_.decoder().limit(timeouts_.options().max_frame);
}

void connection::set_session(store::session_id session, base::timestamp expires_at)
{
    session_ = session;
    session_expires_at_ = expires_at;
}

void connection::end(close_reason reason)
{
    if (close_reason_) return;
    try {
        close_reason_.reset(new close_reason{std::move(reason)});
    } catch (std::bad_alloc const&) {  // the connection must still be closed in order
        close_reason_.reset(&out_of_memory);
    }
    if (concurrency_) concurrency_->writer.end_outbox();
    resume_end_waiters();
}

void connection::end_with_error(base::error_code const& error)
{
    bool const is_half_close = error == asio::error::eof && !socket_.decoder().partial();
    if (is_half_close && !timeouts_.is_access_pending()) {  // the service may go on sending
        is_input_ended_ = true;
        probe_at_ = std::chrono::steady_clock::now() + first_probe;
        resume_end_waiters();
    } else if (error != asio::error::eof) {
        end(close_reason::lost(error.message()));
    } else {
        end(socket_.decoder().partial() ? close_reason::truncated() : close_reason::half_closed());
    }
}

void connection::abort(close_reason reason)
{
    end(std::move(reason));
    if (close_deadline_.is_set()) return;
    base::error_code ignored;  // the operation has ended by itself
    socket_.cancel(ignored);
    if (concurrency_) concurrency_->writer.resume_all();
    // The service may still await something else although the connection has ended.
    is_aborted_ = true;
    try {
        cancellation_.emit(asio::cancellation_type::terminal);
    } catch (std::bad_alloc const&) {  // the next tick emits it again
    }
}

void connection::evict()
{
    if (close_deadline_.is_set()) return close_socket();
    abort(close_reason::local(code::server_full, "another connection needs the slot: try again later"));
}

task<void> connection::close()
{
    co_await reader_.end();
    while (is_writing() || receiving_.answer == answer_state::running) co_await writer().wait();
    // Without a message: what is queued is dropped, too.
    bool const is_silent = close_reason_->kind() == close_reason::kind_type::lost ||
                           close_reason_->kind() == close_reason::kind_type::silent;
    bool const is_readable = !is_silent && close_reason_->close_code() != code::slow_consumer;
    bool const is_whole = !concurrency_ || concurrency_->writer.close_outbox(is_readable);
    if (evictable_slot_ != nullptr) evictable_slot_->unpin();
    bool const is_evicted = slot_ != nullptr && slot_->is_evicted();
    auto const permit = is_evicted ? slot_->permit_reject() : std::nullopt;
    bool const has_memory = !memory_ || !memory_->is_evicted();
    bool const waits = has_memory && (!is_evicted || permit);
    // From here on this is the only deadline: when it passes, the socket is closed. A slow consumer gets only the time
    // for the closing frame, any other peer also that for its replies.
    bool const is_slow = close_reason_->close_code() == code::slow_consumer;
    auto time = std::chrono::milliseconds{0};
    if (waits) time = is_slow ? linger_time : timeouts_.options().output_time;
    close_deadline_.set(std::chrono::steady_clock::now() + time);
    if (close_reason_->kind() == close_reason::kind_type::local) {
        auto const sent = is_whole ? close_reason_->close_code() : code::internal;
        queue(protocol::closing{static_cast<std::uint16_t>(sent), close_reason_->message()});
    }
    if (!is_silent && can_send_closing()) {
        base::error_code error;
        co_await socket_.flush(error);
        bool const is_complete = !socket_.is_tls() && peer_ended_first(*close_reason_);
        if (!error && !is_complete) {
            if (sending_ != sending_state::shut_down) error = co_await socket_.end_sending();
            close_deadline_.set(std::chrono::steady_clock::now() + linger_time);
            if (!error && waits) co_await drain_input();
        }
    }
    close_socket();
}

task<bool> connection::shutdown_send(close_reason reason)
{
    if (close_reason_ || is_sending_ended()) co_return false;
    writer().end_outbox();
    if (!writer().close_outbox(true)) throw std::bad_alloc{};
    queue(protocol::closing{static_cast<std::uint16_t>(reason.close_code()), reason.message()});
    sending_ = sending_state::closing;
    auto const is_open = co_await flush();
    if (!is_open) co_return false;
    auto const error = co_await socket_.end_sending();
    if (close_reason_) co_return false;  // then close() does the rest
    if (error) co_return end_with_send_error(error);
    sending_ = sending_state::shut_down;
    timeouts_.on_sending_ended();
    co_return true;
}

/// The receive, which may be waiting, ends, too.
bool connection::end_with_send_error(base::error_code const& error)
{
    abort(close_reason::lost(error.message()));
    return false;
}

/// In mid-handshake a plaintext frame would be a malformed TLS record, so nothing is sent.
bool connection::can_send_closing()
{
    if (socket_.is_tls()) return socket_.is_established();
    return protocol_known_ || !begins_tls(socket_);
}

/// Reads until the peer closes: a reset would destroy the closing frame on its way.
task<void> connection::drain_input()
{
    base::error_code error;
    while (!error) {
        co_await socket_.async_wait(stream::wait_read, base::into(error));
        if (!error) discard_input(socket_, error);
    }
}

void connection::close_socket()
{
    base::error_code ignored;  // already closed
    socket_.close(ignored);
}

void connection::on_tick(time_point now, base::timestamp wall)
{
    if (close_deadline_.is_set()) {
        if (close_deadline_.passed(now)) close_socket();
        return;
    }
    // The service may have begun another wait since.
    if (is_aborted_) cancellation_.emit(asio::cancellation_type::terminal);
    auto const handle = socket_.native_handle();
    if (is_writing()) {
        auto const queued = socket_.encoder().size();
        timeouts_.watch_output(now, queued, output_position::of(handle));
    }
    // What the service has not received yet was sent all the same: the client is not idle.
    if (timeouts_.watches_silence() && reader_.is_idle() && !is_input_ended_) {
        if (!socket_.decoder().empty() || has_unread_input(handle)) timeouts_.on_activity();
    }
    bool const is_active = timeouts_.tick(now);
    if (slot_ != nullptr && evictable_slot_ == nullptr) {
        if (is_active) slot_->note_activity(now);
        if (slot_->must_close()) {
            return abort(close_reason::local(code::server_full, "another connection needs the slot: try again later"));
        }
    }
    if ((is_input_ended_ || ends_on_reset_) && reader_.is_idle() && is_reset(handle)) {
        return abort(close_reason::lost("the client has gone"));
    }
    // The password of a client that has gone is not worth a hash.
    if (timeouts_.is_access_pending() && reader_.is_idle() && is_peer_gone(handle)) {
        return abort(close_reason::lost("the client has gone"));
    }
    if (concurrency_ && concurrency_->end_timer && !concurrency_->is_peer_closed && is_peer_closed(handle)) {
        concurrency_->is_peer_closed = true;
        resume_end_waiters();
    }
    if (auto expired = timeouts_.expired(now)) return abort(std::move(*expired));
    update_memory();
    if (close_reason_) return;
    if (is_input_ended_ && ends_on_reset_ && now >= probe_at_) probe_peer(now);
    if (session_ != 0 && wall >= session_expires_at_) {
        return abort(close_reason::local(code::session_ended, "the session has expired"));
    }
    // While a write is in progress it would be cancelled, too.
    if (reader_.is_reading() && !is_active && !is_writing()) reader_.release_buffer();
}

/// A peer that has closed both directions looks like one that has ended its input, until output is answered by a reset.
void connection::probe_peer(time_point now)
{
    probe_at_ = now + next_probe;
    if (is_sending_ended() || is_writing() || has_output()) return;
    queue(protocol::ping{});
    try_flush();
}

task<void> connection::wait_for_end()
{
    auto& state = concurrency();
    if (close_reason_ || is_input_ended_ || state.is_peer_closed) co_return;
    if (!state.end_timer) state.end_timer.emplace(worker_.executor(), base::steady_timer::time_point::max());
    co_await state.end_timer->async_wait(base::use_tuple);
}

void connection::resume_end_waiters()
{
    if (concurrency_ && concurrency_->end_timer) concurrency_->end_timer->cancel();
}

/// Once a tick: counts the memory that this connection holds, and ends it when other connections need that.
void connection::update_memory()
{
    if (held_memory() > uncounted_memory) {
        count_memory();
    } else {
        memory_.reset();
    }
    if (!memory_ || !memory_->is_evicted()) return;
    auto const reason = is_writing() ? code::slow_consumer : code::timeout;
    abort(close_reason::local(reason, "too slow: other connections need its memory"));
}

}  // namespace porter::detail::server
