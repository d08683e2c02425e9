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
    conn_.on_written(size, error);
    bool const is_awaited = !waiters_.empty();
    try {
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
    return base::suspend<std::exception_ptr>([this](base::resume_handler<std::exception_ptr> handler) {
        auto const added = waiters_.insert(waiters_.end(), waiter{std::move(handler)});
        auto slot = asio::get_associated_cancellation_slot(added->resume);
        added->is_cancellable = slot.is_connected() && !conn_.is_own(slot);
        if (!added->is_cancellable) return;
        slot.assign([this, added](asio::cancellation_type) {
            added->is_cancellable = false;  // the slot runs this function: it cannot be cleared now
            resume(added, std::make_exception_ptr(std::system_error{asio::error::operation_aborted}));
        });
    });
}

/// Resuming takes a round of the executor, because the caller may be the cancellation of the coroutine that resumes.
void socket_writer::resume(waiters::iterator which, std::exception_ptr error)
{
    if (which->is_cancellable) asio::get_associated_cancellation_slot(which->resume).clear();
    auto handler = std::move(which->resume);
    waiters_.erase(which);
    asio::post(conn_.owner().executor(),
               [handler = std::move(handler), error]() mutable { std::move(handler)(error); });
}

void socket_writer::resume_all()
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

void socket_writer::close_outbox(bool is_readable)
{
    if (!outbox_) return;
    if (is_readable) take_posted(std::numeric_limits<std::size_t>::max());
    outbox_->detach();
}

std::size_t socket_writer::posted() const
{
    return outbox_ ? outbox_->bytes() : 0;
}

}  // namespace porter::detail::server
