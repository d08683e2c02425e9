// Promises S4 and S7 of SECURITY.md.
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "log/append_file.hpp"
#include "log/file_sink.hpp"
#include "log/scratch.hpp"
#include "support/catch.hpp"

namespace porter::rooms::log {
namespace {

/// Files of this process cannot grow past a size while this lives: a disk that is full.
class full_disk {
public:
    explicit full_disk(rlim_t size) : handler_(std::signal(SIGXFSZ, SIG_IGN))
    {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        auto now = before_;
        now.rlim_cur = size;
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~full_disk()
    {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    using handler = void (*)(int);
    handler handler_;
    rlimit before_{};
};

/// A sink and the queue that it asks for what was lost there, driven by hand instead of by spdlog's thread.
struct hand_driven_sink {
    explicit hand_driven_sink(fs::path const& path) : sink(path, log_format::text) { sink.drain(queue); }

    void log(std::string const& line) { sink.log({"porter", spdlog::level::info, line}); }

    spdlog::details::thread_pool queue{2, 1};
    file_sink sink;
};

/// Holds spdlog's thread, so that the queue fills up.
class blocking_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    std::latch entered{1};
    std::latch released{1};

private:
    void sink_it_(spdlog::details::log_msg const&) override
    {
        if (!entered.try_wait()) entered.count_down();
        released.wait();
    }
    void flush_() override {}
};

}  // namespace

TEST_CASE("lines that a full disk refused are counted and the count is written as soon as it can be")
{
    scratch dir;
    auto const path = dir.path / "log";
    hand_driven_sink log{path};
    log.log("before");
    {
        full_disk const disk{fs::file_size(path)};
        for (int i = 0; i < 5; ++i) log.log("lost");
    }
    log.log("after");
    CHECK(lines(path) ==
          std::vector<std::string>{"before", "warn log_dropped lines=5 error=\"File too large\"", "after"});
}

TEST_CASE("a count of lost lines is lost no more than the lines")
{
    scratch dir;
    auto const path = dir.path / "log";
    hand_driven_sink log{path};
    {
        full_disk const disk{0};
        log.log("lost");
        log.log("");
        CHECK(content(path).empty());
    }
    log.sink.finish();
    log.sink.finish();
    CHECK(lines(path) == std::vector<std::string>{"warn log_dropped lines=1 error=\"File too large\""});
}

TEST_CASE("lines that gave way in a full queue are counted")
{
    scratch dir;
    hand_driven_sink log{dir.path / "log"};
    auto const blocker = std::make_shared<blocking_sink>();
    auto queue = std::make_shared<spdlog::details::thread_pool>(2, 1);
    auto const front =
        std::make_shared<spdlog::async_logger>("t", blocker, queue, spdlog::async_overflow_policy::overrun_oldest);
    log.sink.drain(*queue);
    front->info("held");
    blocker->entered.wait();
    for (int i = 0; i < 5; ++i) front->info("queued");
    log.log("after");
    log.log("later");
    blocker->released.count_down();
    CHECK(lines(dir.path / "log") ==
          std::vector<std::string>{"warn log_dropped lines=3 error=\"queue full\"", "after", "later"});
}

TEST_CASE("a line is never torn by a disk that fills up")
{
    scratch dir;
    auto const path = dir.path / "log";
    append_file file{path};
    REQUIRE(file.write("first") == 0);
    {
        full_disk const disk{9};
        CHECK(file.write("second") == 0);  // begun: "sec" is in the file
        CHECK(file.has_unfinished());
        CHECK(file.write("third") == EFBIG);
        CHECK(content(path) == "first\nsec");
    }
    CHECK(file.write("fourth") == 0);
    CHECK_FALSE(file.has_unfinished());
    CHECK(content(path) == "first\nsecond\nfourth\n");
}

TEST_CASE("the end of a torn line does not go into another file")
{
    scratch dir;
    auto const path = dir.path / "log";
    hand_driven_sink log{path};
    {
        full_disk const disk{3};
        log.log("torn");
    }
    fs::rename(path, dir.path / "log.1");
    log.sink.want_reopen();
    log.log("after");
    CHECK(lines(path) == std::vector<std::string>{"info log_reopened file=" + path.string(),
                                                  "warn log_dropped lines=1 error=\"queue full\"", "after"});
}

TEST_CASE("a line that had no room at all is lost as a whole")
{
    scratch dir;
    append_file file{dir.path / "log"};
    {
        full_disk const disk{0};
        CHECK(file.write("lost") == EFBIG);
        CHECK_FALSE(file.has_unfinished());
    }
    CHECK(file.write("kept") == 0);
    CHECK(content(dir.path / "log") == "kept\n");
}

TEST_CASE("a device can be the log")
{
    append_file none{"/dev/null"};
    CHECK(none.opening_error() == 0);
    CHECK(none.write("line") == 0);
    append_file full{"/dev/full"};
    CHECK(full.write("line") == ENOSPC);
}

}  // namespace porter::rooms::log
