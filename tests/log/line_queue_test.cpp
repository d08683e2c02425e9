#include "log/line_queue.hpp"

#include <string>
#include <thread>

#include "log/line_writer.hpp"
#include "log/scratch.hpp"
#include "support/catch.hpp"

namespace porter::rooms::log {

TEST_CASE("lines that came while the thread was held up are written together and in order")
{
    constexpr int count = 5000;
    scratch dir;
    line_writer writer{dir.path / "log", log_format::text};
    line_queue queue{1'000'000};
    std::string all;
    for (int i = 0; i < count; ++i) {
        auto const line = "line " + std::to_string(i) + '\n';
        queue.push(line);
        all += line;
    }
    line_queue::batch next;
    REQUIRE(queue.take(next));
    CHECK(next.lines == all);
    CHECK(next.dropped == 0);
    writer.write(next);
    CHECK(content(dir.path / "log") == all);
}

TEST_CASE("a full queue drops and counts what comes until it is emptied")
{
    line_queue queue{10};
    line_queue::batch next;
    queue.push("12345\n");
    queue.push("6789\n");  // a byte too many
    queue.push("1\n");     // has room, but would hide where the gap is
    REQUIRE(queue.take(next));
    CHECK(next.lines == "12345\n");
    CHECK(next.dropped == 2);

    queue.push("123456789\n");
    REQUIRE(queue.take(next));
    CHECK(next.lines == "123456789\n");
    CHECK(next.dropped == 0);
}

TEST_CASE("a line that could not be pushed is counted")
{
    line_queue queue{10};
    line_queue::batch next;
    queue.drop();
    REQUIRE(queue.take(next));
    CHECK(next.lines.empty());
    CHECK(next.dropped == 1);
}

TEST_CASE("what was logged before a rotation is in the old file and the rest in the new one")
{
    scratch dir;
    auto const path = dir.path / "log";
    auto const rotated = dir.path / "log.1";
    line_writer writer{path, log_format::text};
    line_queue queue{1000};
    line_queue::batch next;
    queue.push("before\n");
    std::filesystem::rename(path, rotated);
    queue.request_reopen();
    queue.push("after\n");
    queue.request_reopen();
    queue.push("later\n");
    REQUIRE(queue.take(next));
    writer.write(next);
    CHECK(content(rotated) == "before\n");
    CHECK(content(path).ends_with("after\nlater\n"));
    CHECK(content(path).find("before") == std::string::npos);
}

TEST_CASE("a reopening that is asked for belongs to the next batch only")
{
    line_queue queue{10};
    line_queue::batch next;
    queue.request_reopen();
    REQUIRE(queue.take(next));
    CHECK(next.reopen);
    queue.push("line\n");
    REQUIRE(queue.take(next));
    CHECK_FALSE(next.reopen);
}

TEST_CASE("a closed queue gives what is left and ends")
{
    line_queue queue{10};
    line_queue::batch next;
    queue.push("last\n");
    queue.close();
    CHECK(queue.take(next));
    CHECK(next.lines == "last\n");
    CHECK_FALSE(queue.take(next));
    CHECK(next.is_empty());
}

TEST_CASE("a wait that has an end gives an empty batch then and is not the end of the queue")
{
    line_queue queue{10};
    line_queue::batch next;
    CHECK(queue.take(next, line_queue::time::min()));
    CHECK(next.is_empty());
    queue.push("line\n");
    CHECK(queue.take(next, line_queue::time::min()));
    CHECK(next.lines == "line\n");
    queue.close();
    CHECK_FALSE(queue.take(next, line_queue::time::min()));
}

TEST_CASE("a thread that waits is woken by a line and by the end")
{
    line_queue queue{1000};
    std::string taken;
    {
        std::jthread const thread{[&] {
            for (line_queue::batch next; queue.take(next);) taken += next.lines;
        }};
        for (int i = 0; i < 100; ++i) {
            queue.push("a\n");
            std::this_thread::yield();
        }
        queue.close();
    }
    CHECK(count_lines(taken) == 100);
}

TEST_CASE("the memory of a burst is given back")
{
    line_queue queue{1'000'000};
    line_queue::batch next;
    queue.push(std::string(500'000, 'a') + '\n');
    for (int i = 0; i < 2; ++i) {  // it takes two turns until both texts have been emptied
        REQUIRE(queue.take(next));
        queue.push("line\n");
    }
    REQUIRE(queue.take(next));
    CHECK(next.lines == "line\n");
    CHECK(next.lines.capacity() < 100'000);
}

}  // namespace porter::rooms::log
