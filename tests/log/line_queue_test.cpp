#include "log/line_queue.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>

#include "log/line_writer.hpp"
#include "log/log_lines.hpp"
#include "support/catch.hpp"

namespace porter::detail::log {
namespace {

constexpr std::size_t stamp_bytes = 25;  // with the space after it

/// The event of a line that consists of a time and `text`.
event_line line_of(std::string const& text)
{
    return {' ' + text, 0};
}

std::string without_times(std::string const& lines)
{
    std::string all;
    for (std::size_t at = 0; at < lines.size();) {
        auto const end = lines.find('\n', at) + 1;
        all += lines.substr(at + stamp_bytes, end - at - stamp_bytes);
        at = end;
    }
    return all;
}

/// A clock that advances by a millisecond with each call.
line_time ticking_clock()
{
    static line_time now{};
    return now += std::chrono::milliseconds{1};
}

}  // namespace

TEST_CASE("lines that are queued while the thread is busy are written together and in order")
{
    constexpr int count = 5000;
    temporary_folder const folder;
    line_writer writer{folder.path() / "log", log_format::text};
    line_queue queue{1'200'000};
    std::string all;
    for (int i = 0; i < count; ++i) {
        auto const line = "line " + std::to_string(i);
        queue.push(line_of(line));
        all += line + '\n';
    }
    line_queue::batch next;
    REQUIRE(queue.take(next));
    CHECK(without_times(next.lines) == all);
    CHECK(next.dropped == 0);
    writer.write(next);
    CHECK(without_times(content(folder.path() / "log")) == all);
}

TEST_CASE("a full queue drops and counts lines until it is emptied")
{
    line_queue queue{10 + stamp_bytes};
    line_queue::batch next;
    queue.push(line_of("12345"));
    queue.push(line_of("6789"));  // a byte too many
    queue.push(line_of("1"));     // fits, but would make a second gap
    REQUIRE(queue.take(next));
    CHECK(without_times(next.lines) == "12345\n");
    CHECK(next.dropped == 2);

    queue.push(line_of("123456789"));
    REQUIRE(queue.take(next));
    CHECK(without_times(next.lines) == "123456789\n");
    CHECK(next.dropped == 0);
}

TEST_CASE("a line that could not be pushed is counted")
{
    line_queue queue{10 + stamp_bytes};
    line_queue::batch next;
    queue.drop();
    REQUIRE(queue.take(next));
    CHECK(next.lines.empty());
    CHECK(next.dropped == 1);
}

TEST_CASE("lines logged before a rotation are in the old file and the rest in the new one")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    auto const rotated = folder.path() / "log.1";
    line_writer writer{path, log_format::text};
    line_queue queue{1000};
    line_queue::batch next;
    queue.push(line_of("before"));
    std::filesystem::rename(path, rotated);
    queue.request_reopen();
    queue.push(line_of("after"));
    queue.request_reopen();
    queue.push(line_of("later"));
    REQUIRE(queue.take(next));
    writer.write(next);
    CHECK(without_times(content(rotated)) == "before\n");
    CHECK(without_times(content(path)).ends_with("after\nlater\n"));
    CHECK(content(path).find("before") == std::string::npos);
}

TEST_CASE("a requested reopen belongs to the next batch only")
{
    line_queue queue{10 + stamp_bytes};
    line_queue::batch next;
    queue.request_reopen();
    REQUIRE(queue.take(next));
    CHECK(next.reopen);
    queue.push(line_of("line"));
    REQUIRE(queue.take(next));
    CHECK_FALSE(next.reopen);
}

TEST_CASE("a closed queue returns the remaining lines and ends")
{
    line_queue queue{10 + stamp_bytes};
    line_queue::batch next;
    queue.push(line_of("last"));
    queue.close();
    CHECK(queue.take(next));
    CHECK(without_times(next.lines) == "last\n");
    CHECK_FALSE(queue.take(next));
    CHECK(next.is_empty());
}

TEST_CASE("a wait that times out returns an empty batch and does not end the queue")
{
    line_queue queue{10 + stamp_bytes};
    line_queue::batch next;
    CHECK(queue.take(next, line_queue::time::min()));
    CHECK(next.is_empty());
    queue.push(line_of("line"));
    CHECK(queue.take(next, line_queue::time::min()));
    CHECK(without_times(next.lines) == "line\n");
    queue.close();
    CHECK_FALSE(queue.take(next, line_queue::time::min()));
}

TEST_CASE("a waiting thread is woken by a line and by the close")
{
    line_queue queue{100 * (2 + stamp_bytes)};  // all fit, whenever the thread runs
    std::string taken;
    {
        std::jthread const thread{[&] {
            for (line_queue::batch next; queue.take(next);) taken += next.lines;
        }};
        for (int i = 0; i < 100; ++i) {
            queue.push(line_of("a"));
            std::this_thread::yield();
        }
        queue.close();
    }
    CHECK(count_lines(taken) == 100);
}

TEST_CASE("the memory of a burst is freed")
{
    line_queue queue{1'000'000};
    line_queue::batch next;
    queue.push(line_of(std::string(500'000, 'a')));
    for (int i = 0; i < 2; ++i) {  // two rounds empty both strings
        REQUIRE(queue.take(next));
        queue.push(line_of("line"));
    }
    REQUIRE(queue.take(next));
    CHECK(without_times(next.lines) == "line\n");
    CHECK(next.lines.capacity() < 100'000);
}

TEST_CASE("a line has the time at which it was queued")
{
    line_queue queue{1000, ticking_clock};
    auto const early = line_of("formatted first");
    queue.push(line_of("pushed first"));
    queue.push(early);
    line_queue::batch next;
    REQUIRE(queue.take(next));
    auto const second = next.lines.substr(next.lines.find('\n') + 1);
    CHECK(second.ends_with("formatted first\n"));
    CHECK(next.lines < second);
}

TEST_CASE("times never decrease with many threads and lines of the writer itself")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    line_writer writer{path, log_format::text};
    line_queue queue{200, ticking_clock};
    line_queue::batch next;
    std::mutex mutex;
    auto const write_queued = [&] {
        std::lock_guard const lock{mutex};
        if (queue.take(next, line_queue::time::min())) writer.write(next);
    };
    auto const log_lines = [&] {
        for (int i = 0; i < 500; ++i) {
            queue.push(line_of("line"));  // some are dropped
            if (i % 7 == 0) queue.request_reopen();
            queue.push(line_of("line"));
            if (i % 3 == 0) write_queued();
        }
    };
    {
        std::jthread const one{log_lines};
        std::jthread const other{log_lines};
    }
    write_queued();
    auto const written = content(path);
    CHECK(written.find("log_reopened") != std::string::npos);
    CHECK(written.find("log_dropped") != std::string::npos);
    std::string before;
    std::size_t decreasing = 0;
    for (std::size_t at = 0; at < written.size(); at = written.find('\n', at) + 1) {
        auto const time = written.substr(at, stamp_bytes);
        if (time < before) ++decreasing;
        before = time;
    }
    CHECK(decreasing == 0);
}

}  // namespace porter::detail::log
