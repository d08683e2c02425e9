// Promises N15 and S7 of SECURITY.md.
#include "log/file_logger.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "log/log_lines.hpp"
#include "porter/start_error.hpp"
#include "support/catch.hpp"

namespace porter::detail::log {
using lines_of_text = std::vector<std::string>;

TEST_CASE("events from the threshold upwards become lines of the file")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    {
        file_logger log{path, level::info, log_format::text};
        log.debug("too_low");
        log.info("started", {{"port", 7678}});
        log.error("failed", {quoted("name", "x\ny")});
    }
    CHECK(lines(path) == lines_of_text{"info started port=7678", "error failed name=\"x\\ny\""});
}

TEST_CASE("a line is written while the logger is in use")
{
    temporary_folder const folder;
    file_logger log{folder.path() / "log", level::info, log_format::json};
    log.info("first");
    wait_for_line(folder.path() / "log", "\"event\":\"first\"}\n");
}

TEST_CASE("the file is created with access for its owner only and is appended to")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    file_logger{path, level::info, log_format::text}.info("one");
    file_logger{path, level::info, log_format::text}.info("two");
    CHECK(lines(path) == lines_of_text{"info one", "info two"});
    CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("the destructor writes all queued lines")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    {
        file_logger log{path, level::info, log_format::text};
        for (int i = 0; i < 2000; ++i) log.info("event", {{"n", i}});
    }
    auto const written = lines(path);
    REQUIRE(written.size() == 2000);
    CHECK(written.back() == "info event n=1999");
}

TEST_CASE("lines of many threads are all written whole and those of each thread in order")
{
    constexpr int threads = 4;
    constexpr int each = 1000;
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    {
        file_logger log{path, level::info, log_format::text};
        std::vector<std::jthread> callers;
        for (int caller = 0; caller < threads; ++caller) {
            callers.emplace_back([&log, caller] {
                for (int i = 0; i < each; ++i) log.info("event", {{"caller", caller}, {"n", i}});
            });
        }
    }
    std::vector<int> next(threads, 0);
    for (auto const& line : lines(path)) {
        int caller = -1;
        int n = -1;
        INFO(line);
        REQUIRE(std::sscanf(line.c_str(), "info event caller=%d n=%d", &caller, &n) == 2);
        REQUIRE(n == next.at(static_cast<std::size_t>(caller))++);
    }
    CHECK(next == std::vector<int>(threads, each));
}

TEST_CASE("a log that cannot be opened is a start error of one line")
{
    temporary_folder const folder;
    auto const message = [](fs::path const& path) {
        try {
            file_logger log{path, level::info, log_format::text};
        } catch (start_error const& error) {
            CHECK(error.code() == start_errc::cannot_create);
            return std::string{error.what()};
        }
        return std::string{"opened"};
    };
    CHECK(message(folder.path() / "none" / "log") ==
          "cannot open " + (folder.path() / "none/log").string() + ": No such file or directory");
    CHECK(message(folder.path()) == "cannot open " + folder.path().string() + ": it is not a regular file");

    fs::create_symlink(folder.path() / "target", folder.path() / "link");
    CHECK(message(folder.path() / "link").ends_with(": it is a symbolic link"));
    CHECK_FALSE(fs::exists(folder.path() / "target"));

    REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
    CHECK(message(folder.path() / "pipe").ends_with(": it is not a regular file"));
    int const reader =
        ::open((folder.path() / "pipe").c_str(), O_RDONLY | O_NONBLOCK);  // the pipe could now be written to
    CHECK(message(folder.path() / "pipe").ends_with(": it is not a regular file"));
    ::close(reader);
    CHECK(message("/nowhere/a\nb").find('\n') == std::string::npos);
}

TEST_CASE("after a rotation lines go to the new file")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    {
        file_logger log{path, level::error, log_format::text};
        log.error("before");
        wait_for_line(path, "before");
        fs::rename(path, folder.path() / "log.1");
        log.error("between");
        wait_for_line(folder.path() / "log.1", "between");
        log.reopen();
        log.error("after");
    }
    CHECK(lines(folder.path() / "log.1") == lines_of_text{"error before", "error between"});
    CHECK(lines(path) == lines_of_text{"info log_reopened file=" + path.string(), "error after"});
}

TEST_CASE("the file is reopened although no further line is logged")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    file_logger log{path, level::error, log_format::text};
    fs::rename(path, folder.path() / "log.1");
    log.reopen();
    wait_for_line(path, "log_reopened");
}

TEST_CASE("a reopen that fails keeps the old file and is logged")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    {
        file_logger log{path, level::info, log_format::text};
        fs::rename(path, folder.path() / "log.1");
        fs::create_directory(path);
        log.reopen();
        log.info("after");
    }
    CHECK(lines(folder.path() / "log.1") ==
          lines_of_text{"error log_reopen_failed file=" + path.string() + " error=\"Is a directory\"", "info after"});
}

TEST_CASE("a file that was removed is created again")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    {
        file_logger log{path, level::info, log_format::text};
        log.info("before");
        wait_for_line(path, "before");
        fs::remove(path);
        log.info("after");
    }
    CHECK(lines(path) == lines_of_text{"info after"});
}

/// What log.with() asks of the peer of a connection.
struct peer {
    std::string_view text() const noexcept { return address; }
    std::uint64_t connection() const noexcept { return number; }

    std::string_view address;
    std::uint64_t number;
};

TEST_CASE("a flood of lines about one address ends at its budget and other addresses are still logged")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    std::size_t written = 0;
    {
        file_logger log{path, level::info, log_format::text};
        std::string const text(1000, 'x');
        peer const flooding{"192.0.2.7", 1};
        peer const other{"192.0.2.8", 2};
        for (int i = 0; i < 2000; ++i) log.with(flooding).info("flood", {{"text", text}});
        log.with(other).info("other");
        log.info("ours");
    }
    auto all = lines(path);
    for (auto const& line : all) written += line.starts_with("info flood") ? 1U : 0U;
    CHECK(written > 400);
    CHECK(written < 500);
    REQUIRE(all.size() == written + 3);
    CHECK(all[written] == "info other address=192.0.2.8 connection=2");
    CHECK(all[written + 1] == "info ours");
    auto const expected = "warn suppressed network=192.0.2.7 lines=" + std::to_string(2000 - written) + " seconds=";
    CHECK(all[written + 2].starts_with(expected));
}

}  // namespace porter::detail::log
