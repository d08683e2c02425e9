#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>

#include "base/asio.hpp"

namespace porter::detail::server {

class connection;

/// One read of a connection's socket at a time, which a coroutine awaits. The read_scheduler decides when it starts.
/// A coroutine that is cancelled leaves its read going, and the next coroutine awaits that one: nothing is lost.
class socket_reader {
public:
    /// `conn` owns this.
    explicit socket_reader(connection& conn) noexcept : conn_(conn) {}

    /// Waits for the read in progress, or for a new one. Its end calls connection::on_read(). One coroutine at a time.
    task<void> read();

    /// Lets read() return without bytes; the next call awaits the same read.
    void interrupt();

    /// Waits until no read is in progress: the connection is about to be destroyed.
    task<void> end();

    /// Cancels the read in progress, which brings nothing, so that its buffer is freed: the next one waits without.
    void release_buffer();

    /// Whether it is the slot of serve()'s own coroutine, which abort() does not cancel while it reads or writes.
    bool is_own(asio::cancellation_slot slot) const noexcept { return slot == own_slot_; }

    bool is_idle() const noexcept { return state_ == state::idle; }
    bool is_reading() const noexcept { return state_ == state::reading; }

    /// The error of the latest read. Decoding stores its own here.
    base::error_code& error() noexcept { return error_; }

private:
    friend class read_scheduler;

    /// The states of one read. `waiting` replaces `scheduled` and `reading` while the connection has no buffer:
    ///   idle       no read: the coroutine runs, or awaits something else
    ///   scheduled  in the read_scheduler's queue, with a buffer
    ///   reading    a read of the socket is in progress, which a cancelled coroutine no longer awaits
    ///   waiting    without a buffer, until the socket is readable
    ///   ready      bytes or an error have come; resume() is next, and leads back to idle
    enum class state : std::uint8_t { idle, scheduled, reading, waiting, ready };

    // The transitions. The read_scheduler calls start_read(), try_read() and resume().
    void begin();                                                   // idle -> scheduled, or -> waiting
    bool start_wait();                                              // idle -> waiting, or no memory: false
    bool start_read();                                              // scheduled -> reading, or no memory: false
    bool try_read(bool expect_input);                               // scheduled -> ready: true; or -> reading: false
    void on_read(base::error_code const& error, std::size_t size);  // reading -> ready
    void resume();                                                  // ready -> idle: runs the coroutine, if one waits
    void finish();

    task<void> await();
    void make_cancellable();
    void end_without_memory() noexcept;
    void resume_later(std::exception_ptr error);

    connection& conn_;
    socket_reader* next_scheduled_ = nullptr;  // in the read_scheduler's queue
    // Resumes the coroutine that awaits read(). It owns the connection through that coroutine, so it must be called
    // before the server ends: tcp_server runs until every connection has ended.
    std::optional<base::resume_handler<std::exception_ptr>> resume_;
    base::error_code error_;
    asio::cancellation_slot own_slot_;  // of serve()'s coroutine, which is the first that reads
    std::uint32_t size_ = 0;            // bytes of the latest read
    state state_ = state::idle;
    bool unbuffered_ = false;      // the peer has been silent: the next read waits without a buffer
    bool is_cancellable_ = false;  // the coroutine that awaits read() has a cancellation slot of its own
};

}  // namespace porter::detail::server
