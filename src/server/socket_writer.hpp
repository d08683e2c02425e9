#pragma once

#include <cstdint>
#include <exception>
#include <list>
#include <memory>

#include "base/suspended_task.hpp"
#include "server/outbox_queue.hpp"

namespace porter::detail::server {

class connection;

/// Writes the output of a connection whose socket is full, and what is posted to it. A write is in progress until all
/// output is written; coroutines only wait for it, and can be cancelled. Made on demand: the output of most connections
/// always fits into the socket.
class socket_writer {
public:
    /// `conn` owns this.
    explicit socket_writer(connection& conn) noexcept : conn_(conn) {}
    ~socket_writer();
    socket_writer(socket_writer const&) = delete;
    socket_writer& operator=(socket_writer const&) = delete;

    bool is_writing() const noexcept { return is_writing_; }

    /// Begins to write the output, unless a write is in progress or the connection has ended.
    void start();

    /// Bytes written so far.
    std::uint64_t written() const noexcept { return written_; }

    /// Waits until the socket has taken something, the write has ended or resume_all() was called. Throws
    /// operation_aborted when the coroutine is cancelled; serve()'s own is not, as for reads.
    task<void> wait();
    void resume_all() noexcept;

    /// The queue of messages that are posted to the connection.
    std::shared_ptr<outbox_queue> const& outbox();

    /// Sends what was posted: begins a write, or adds to the one in progress.
    void write_posted();

    /// The connection has ended: every post returns `gone`.
    void end_outbox() noexcept;
    /// The connection closes: queues what was posted, if the peer can read it, and detaches the queue. False: there was
    /// no memory for all of it.
    bool close_outbox(bool is_readable) noexcept;
    /// Bytes that were posted and are not yet output.
    std::size_t posted() const;

private:
    struct waiter {
        explicit waiter(io_executor const& executor) : task(executor) {}

        base::suspended_task<std::exception_ptr> task;
        asio::cancellation_slot slot;  // of the coroutine
        bool is_cancellable = false;
    };
    using waiters = std::list<waiter>;

    void on_written(base::error_code const& error, std::size_t size);
    bool take_posted(std::size_t limit);
    void add(waiters& added, base::resume_handler<std::exception_ptr> handler) noexcept;
    void resume(waiters::iterator which, std::exception_ptr const& error) noexcept;

    connection& conn_;
    waiters waiters_;
    std::shared_ptr<outbox_queue> outbox_;
    std::uint64_t written_ = 0;
    bool is_writing_ = false;
};

}  // namespace porter::detail::server
