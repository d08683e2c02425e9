#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "log/format.hpp"

namespace porter::detail::log {

/// The lines that wait for the log's thread, put together into one text that can be written at once. Bounded in bytes:
/// a disk that hangs must not fill the memory. When the queue is full the newest lines are dropped, so what is in the
/// log up to there tells how it came to that, and the gap is in one place. A line gets its time when it gets its place,
/// so that times rise from line to line as long as the clock does. Safe from any thread; one thread takes.
class line_queue {
public:
    /// What the thread has to do, in this order.
    struct batch {
        bool is_empty() const noexcept { return !reopen && lines.empty() && dropped == 0; }

        // When each part began: the time of what the thread says itself before that part.
        line_time old_lines_at{};
        line_time reopened_at{};
        line_time lines_at{};  ///< of the first line, or of the first that was dropped where there is none

        std::string old_lines{};    ///< those from before the reopening was asked for: they belong into the old file
        bool reopen = false;        ///< whether to go on in the file that has the name now
        std::string lines;          ///< each with its line feed
        std::uint64_t dropped = 0;  ///< lines that came after these and were not taken
    };

    /// `limit`: bytes that may wait. `now` is called by one thread at a time.
    explicit line_queue(std::size_t limit, std::function<line_time()> now = line_time_now)
        : limit_(limit), now_(std::move(now))
    {}

    /// Adds a line, or drops it when there is no room. Throws std::bad_alloc; then the queue is as before.
    void push(event_line const& line);
    /// Counts a line that somebody could not even push.
    void drop();
    /// Lets the lines from here on be preceded by a reopening; once a batch.
    void request_reopen();

    using time = std::chrono::steady_clock::time_point;

    /// Waits until there is something to do, at most until `end`, and exchanges it for `done`, whose memory is used
    /// again; at the end that is an empty batch. False: the queue is closed, and everything was taken.
    [[nodiscard]] bool take(batch& done, time end = time::max());

    /// Nothing comes in any more.
    void close();

private:
    template <typename Change>
    void change(Change apply);
    void begin_lines(line_time now);

    std::size_t const limit_;
    std::function<line_time()> const now_;
    std::mutex mutex_;
    std::condition_variable changed_;
    batch pending_;
    bool closed_ = false;
};

}  // namespace porter::detail::log
