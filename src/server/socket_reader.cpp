#include "server/socket_reader.hpp"

#include <new>
#include <system_error>
#include <utility>

#include "server/connection.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {

task<void> socket_reader::read()
{
    if (state_ != state::idle) return await();  // begun by a coroutine that was cancelled
    auto& socket = conn_.socket();
    // TLS may have taken more from the socket than it returned: only for a plain socket readiness can be awaited.
    if (conn_.owner().memory().is_tight() && socket.decoder().empty() && !socket.is_tls()) unbuffered_ = true;
    if (!unbuffered_) conn_.prepare_buffer();
    return await();
}

task<void> socket_reader::await()
{
    return base::suspend<std::exception_ptr>([this](base::resume_handler<std::exception_ptr> resume) {
        resume_.emplace(std::move(resume));
        try {
            make_cancellable();
        } catch (std::bad_alloc const&) {
            end_without_memory();
        }
        if (state_ == state::idle) begin();
    });
}

void socket_reader::begin()
{
    if (unbuffered_ && start_wait()) return;
    state_ = state::scheduled;
    conn_.owner().scheduler().schedule(*this);
}

/// Ends the connection, and the read in progress: Asio calls the initiation of a read from a function that is noexcept.
void socket_reader::end_without_memory() noexcept
{
    is_cancellable_ = false;
    conn_.end(close_reason::local(code::internal));
    base::error_code ignored;  // the read has ended by itself
    conn_.socket().cancel(ignored);
}

/// serve()'s own coroutine is not cancelled while it reads: connection::abort() ends the read. So its messages pay
/// nothing for this.
void socket_reader::make_cancellable()
{
    auto const slot = asio::get_associated_cancellation_slot(*resume_);
    if (!own_slot_.is_connected()) own_slot_ = slot;
    is_cancellable_ = slot.is_connected() && slot != own_slot_;
    if (!is_cancellable_) return;
    asio::cancellation_slot{slot}.assign([this](asio::cancellation_type) {
        if (resume_) resume_later(std::make_exception_ptr(std::system_error{asio::error::operation_aborted}));
    });
}

void socket_reader::interrupt()
{
    if (!resume_) return;
    if (is_cancellable_) asio::get_associated_cancellation_slot(*resume_).clear();
    resume_later(nullptr);
}

/// The read goes on without a coroutine. Resuming takes a round of the executor, because the caller may be the
/// cancellation of the coroutine that resumes.
void socket_reader::resume_later(std::exception_ptr error)
{
    conn_.on_read_cancelled();
    is_cancellable_ = false;
    asio::post(conn_.owner().executor(), [resume = std::move(*resume_), error]() mutable { std::move(resume)(error); });
    resume_.reset();
}

task<void> socket_reader::end()
{
    if (state_ == state::idle) co_return;
    base::error_code ignored;  // the read has ended by itself
    conn_.socket().cancel(ignored);
    co_await await();
}

void socket_reader::release_buffer()
{
    if (unbuffered_) return;
    unbuffered_ = true;
    base::error_code ignored;  // the read has ended by itself
    conn_.socket().cancel(ignored);
}

/// False: there was no memory, and the connection has ended.
bool socket_reader::start_wait()
{
    state_ = state::waiting;
    conn_.socket().trim();
    try {
        conn_.socket().async_wait(stream::wait_read, [this](base::error_code const& error) {
            error_ = error;
            size_ = 0;
            state_ = state::ready;
            resume();
        });
    } catch (std::bad_alloc const&) {
        end_without_memory();
        return false;
    }
    return true;
}

bool socket_reader::start_read()
{
    state_ = state::reading;
    auto const space = conn_.socket().decoder().free_space();
    try {
        conn_.socket().stream().async_read_some(asio::buffer(space.data(), space.size()),
                                                [this](base::error_code const& error, std::size_t size) {
                                                    on_read(error, size);
                                                    resume();
                                                });
    } catch (std::bad_alloc const&) {
        state_ = state::scheduled;
        return false;
    }
    return true;
}

/// `expect_input`: bytes have probably arrived.
bool socket_reader::try_read(bool expect_input)
{
    if (conn_.ended() != nullptr) {  // nothing would cancel a read that begins now
        on_read(asio::error::operation_aborted, 0);
        return true;
    }
    if (expect_input) {
        auto const space = conn_.socket().decoder().free_space();
        base::error_code error;
        auto const size = conn_.socket().try_read_some(asio::buffer(space.data(), space.size()), error);
        if (error != asio::error::would_block) {
            on_read(error, size);
            return true;
        }
    }
    if (start_read()) return false;
    on_read(asio::error::no_memory, 0);
    return true;
}

void socket_reader::on_read(base::error_code const& error, std::size_t size)
{
    error_ = error;
    size_ = static_cast<std::uint32_t>(size);  // of a frame and the buffer at most
    conn_.socket().decoder().commit(size);
    state_ = state::ready;
}

/// An exception is rethrown in the coroutine: it ends this connection, and not the round of reads.
void socket_reader::resume()
{
    std::exception_ptr escaped;
    try {
        finish();
    } catch (...) {
        escaped = std::current_exception();
    }
    if (!resume_) return escaped ? conn_.on_unawaited_error() : void();
    auto handler = std::move(*resume_);
    resume_.reset();
    if (std::exchange(is_cancellable_, false)) asio::get_associated_cancellation_slot(handler).clear();
    std::move(handler)(escaped);
}

void socket_reader::finish()
{
    state_ = state::idle;
    bool const is_released = unbuffered_ && error_ == asio::error::operation_aborted;
    if (!error_) unbuffered_ = false;
    conn_.on_read(is_released ? base::error_code{} : error_, size_);
}

}  // namespace porter::detail::server
