#include "server/socket_writer.hpp"

#include <limits>
#include <new>
#include <system_error>
#include <utility>

#include "server/connection.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {
namespace {

/// Posted messages alone do not fill the output: then the connection would read no requests.
constexpr std::size_t posted_limit = output_limit / 2;

// Made beforehand: a cancellation must not fail for lack of memory.
std::exception_ptr const cancelled = std::make_exception_ptr(std::system_error{asio::error::operation_aborted});

}  // namespace

socket_writer::~socket_writer()
{
    if (outbox_) outbox_->detach();
}

void socket_writer::start()
{
    auto& output = conn_.socket().encoder();
    if (is_writing_ || conn_.ended() != nullptr || output.empty()) return;
    auto const bytes = output.pending();
    conn_.socket().stream().async_write_some(
        asio::buffer(bytes.data(), bytes.size()),
        [this](base::error_code const& error, std::size_t size) { on_written(error, size); });
    is_writing_ = true;
}

void socket_writer::on_written(base::error_code const& error, std::size_t size)
{
    is_writing_ = false;
    written_ += size;
    bool const was_open = conn_.ended() == nullptr;
    bool const is_awaited = !waiters_.empty();
    try {
        conn_.on_written(size, error);
        resume_all();
        if (conn_.ended() != nullptr) {
            if (was_open && !is_awaited) conn_.abort(*conn_.ended());  // wakes the service, whatever it awaits
            return;
        }
        // A coroutine that waited goes first: posted messages must not fill the output again before it.
        if (is_awaited && outbox_) {
            outbox_->schedule();
        } else if (outbox_) {
            take_posted(posted_limit);
        }
        start();
    } catch (std::bad_alloc const&) {  // no coroutine is there to receive it
        conn_.abort(close_reason::local(code::internal));
    }
}

task<void> socket_writer::wait()
{
    waiters added;
    added.emplace_back(conn_.owner().executor());
    auto initiate = [this, &added](base::resume_handler<std::exception_ptr> handler) {
        add(added, std::move(handler));
    };
    auto operation = base::suspend<std::exception_ptr>(initiate);
    co_await std::move(operation);
}

/// Takes over the one waiter of the list.
void socket_writer::add(waiters& added, base::resume_handler<std::exception_ptr> handler) noexcept
{
    auto const own = added.begin();
    own->slot = asio::get_associated_cancellation_slot(handler);
    own->task.suspend(std::move(handler));
    waiters_.splice(waiters_.end(), added);
    if (!own->slot.is_connected() || conn_.is_own(own->slot)) return;
    try {
        own->slot.assign([this, own](asio::cancellation_type) {
            own->is_cancellable = false;  // the slot runs this function: it cannot be cleared now
            resume(own, cancelled);
        });
        own->is_cancellable = true;
    } catch (std::bad_alloc const&) {
        resume(own, std::current_exception());
    }
}

/// Resuming takes a round of the executor, because the caller may be the cancellation of the coroutine that resumes.
void socket_writer::resume(waiters::iterator which, std::exception_ptr const& error) noexcept
{
    if (which->is_cancellable) which->slot.clear();
    which->task.resume(error);
    waiters_.erase(which);
}

void socket_writer::resume_all() noexcept
{
    while (!waiters_.empty()) resume(waiters_.begin(), nullptr);
}

std::shared_ptr<outbox_queue> const& socket_writer::outbox()
{
    if (!outbox_) {
        outbox_ = std::make_shared<outbox_queue>(conn_, conn_.owner().executor(), conn_.max_outbox());
        if (conn_.ended() != nullptr || conn_.is_sending_ended()) outbox_->end();
    }
    return outbox_;
}

/// Moves posted messages into the output while that has less than `limit` bytes. False: the output is empty.
bool socket_writer::take_posted(std::size_t limit)
{
    while (conn_.socket().encoder().size() < limit) {
        auto const next = outbox_->take();
        if (!next) break;
        conn_.queue(next->kind, *next->body);
    }
    return !conn_.socket().encoder().empty();
}

void socket_writer::write_posted()
{
    if (conn_.ended() != nullptr) return;
    try {
        while (take_posted(posted_limit) && !is_writing_) {
            if (!conn_.try_flush()) return start();
        }
    } catch (std::bad_alloc const&) {  // no coroutine is there to receive it
        conn_.abort(close_reason::local(code::internal));
    }
}

void socket_writer::end_outbox() noexcept
{
    if (outbox_) outbox_->end();
}

bool socket_writer::close_outbox(bool is_readable) noexcept
{
    if (!outbox_) return true;
    bool is_whole = true;
    try {
        if (is_readable) take_posted(std::numeric_limits<std::size_t>::max());
    } catch (std::bad_alloc const&) {  // the connection must still be closed in order
        is_whole = false;
    }
    outbox_->detach();
    return is_whole;
}

std::size_t socket_writer::posted() const
{
    return outbox_ ? outbox_->bytes() : 0;
}

}  // namespace porter::detail::server
