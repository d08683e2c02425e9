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

/// The lines for the log's thread, joined to one text that is written at once. Bounded in bytes: a disk that hangs must
/// not fill the memory. When the queue is full the newest lines are dropped, so the log keeps the lines that led to it,
/// and there is one gap. A line gets its time when it is queued, so the order of times is the order of lines as long as
/// the clock does not go back. Safe from any thread; one thread takes.
class line_queue {
public:
    /// The work for the thread, in this order.
    struct batch {
        bool is_empty() const noexcept { return !reopen && lines.empty() && dropped == 0; }

        // The start of each part: the time of lines that the writer itself writes before that part.
        line_time old_lines_at{};
        line_time reopened_at{};
        line_time lines_at{};  ///< of the first line, or, if there is none, of the first that was dropped

        std::string old_lines{};    ///< lines from before request_reopen(), for the old file
        bool reopen = false;        ///< whether to open the path again
        std::string lines;          ///< each with its line feed
        std::uint64_t dropped = 0;  ///< the number of lines after these that were dropped
    };

    /// `limit`: bytes that may be queued. `now` is called by one thread at a time.
    explicit line_queue(std::size_t limit, std::function<line_time()> now = line_time_now)
        : limit_(limit), now_(std::move(now))
    {}

    /// Adds a line, or drops it when the queue is full. Throws std::bad_alloc; then the queue is unchanged.
    void push(event_line const& line);
    /// Counts a line that could not be pushed.
    void drop();
    /// Requests a reopen before the lines that follow; once a batch.
    void request_reopen();

    using time = std::chrono::steady_clock::time_point;

    /// Waits for a batch until `end` at most and exchanges it for `done`, whose memory is used again; after `end` the
    /// batch is empty. False: the queue is closed and empty.
    [[nodiscard]] bool take(batch& done, time end = time::max());

    /// Call it after the last push.
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
