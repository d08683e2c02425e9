// Promises N15, S4 and S7 of SECURITY.md.
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "log/append_file.hpp"
#include "log/line_queue.hpp"
#include "log/line_writer.hpp"
#include "log/log_lines.hpp"
#include "support/catch.hpp"

namespace porter::detail::log {
namespace {

/// Simulates a full disk: while this object lives, files of this process cannot grow past a size.
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

/// A line_writer without the logger's thread: each call writes a batch.
struct writer_fixture {
    explicit writer_fixture(fs::path const& path, free_space_check floor = free_space_check{})
        : writer(path, log_format::text, std::move(floor))
    {}

    void log(std::string lines, std::uint64_t dropped = 0)
    {
        line_queue::batch next{.lines = std::move(lines), .dropped = dropped};
        writer.write(next);
    }
    void reopen_and_log(std::string lines)
    {
        line_queue::batch next{.reopen = true, .lines = std::move(lines)};
        writer.write(next);
    }

    line_writer writer;
};

append_file::lost_lines write(append_file& file, std::string lines)
{
    return file.write(lines);
}

}  // namespace

TEST_CASE("lines lost on a full disk are counted and the count is written as soon as there is space")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    writer_fixture log{path};
    log.log("before\n");
    {
        full_disk const disk{fs::file_size(path)};
        for (int i = 0; i < 5; ++i) log.log("lost\nlost too\n");
    }
    log.log("after\n");
    CHECK(lines(path) ==
          std::vector<std::string>{"before", "warn log_dropped lines=10 error=\"File too large\"", "after"});
}

TEST_CASE("the count of lost lines is kept until it can be written")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    writer_fixture log{path};
    {
        full_disk const disk{0};
        log.log("lost\n");
        log.log("");
        CHECK(content(path).empty());
    }
    log.writer.finish();
    log.writer.finish();
    CHECK(lines(path) == std::vector<std::string>{"warn log_dropped lines=1 error=\"File too large\""});
}

TEST_CASE("lines dropped by a full queue are reported after the queued lines")
{
    temporary_folder const folder;
    writer_fixture log{folder.path() / "log"};
    line_queue queue{70};
    for (int i = 0; i < 5; ++i) queue.push(event_line{" queued", 0});
    line_queue::batch next;
    REQUIRE(queue.take(next));
    log.writer.write(next);
    log.log("after\n");
    log.log("later\n");
    CHECK(lines(folder.path() / "log") == std::vector<std::string>{"queued", "queued",
                                                                   "warn log_dropped lines=3 error=\"queue full\"",
                                                                   "after", "later"});
}

TEST_CASE("lines lost in the queue and on the disk are counted together")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    writer_fixture log{path};
    {
        full_disk const disk{10};
        log.log("whole\nwhich is torn\nlost\nlost\n", 3);
    }
    log.log("after\n");
    CHECK(content(path).starts_with("whole\nwhich is torn\n"));
    CHECK(lines(path) ==
          std::vector<std::string>{"whole", "is torn", "warn log_dropped lines=5 error=\"File too large\"", "after"});
}

TEST_CASE("a line that a full disk cuts is completed later")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    append_file file{path};
    REQUIRE(write(file, "first\n").error == 0);
    {
        full_disk const disk{9};
        CHECK(write(file, "second\n").error == 0);  // "sec" is in the file
        CHECK(file.has_unfinished());
        CHECK(write(file, "third\n").error == EFBIG);
        CHECK(content(path) == "first\nsec");
    }
    CHECK(write(file, "fourth\n").error == 0);
    CHECK_FALSE(file.has_unfinished());
    CHECK(content(path) == "first\nsecond\nfourth\n");
}

TEST_CASE("each line is written whole or counted wherever the disk is full")
{
    std::string const batch = "one\ntwo\nthree\nfour\n";
    for (std::size_t space = 0; space < batch.size(); ++space) {
        INFO(space);
        temporary_folder const folder;
        append_file file{folder.path() / "log"};
        append_file::lost_lines lost;
        {
            full_disk const disk{space};
            lost = write(file, batch);
            CHECK(content(folder.path() / "log") == batch.substr(0, space));
        }
        bool const is_torn = space > 0 && batch[space - 1] != '\n';
        auto const kept = is_torn ? batch.find('\n', space) + 1 : space;
        CHECK(file.has_unfinished() == is_torn);
        CHECK(lost.lines == count_lines(batch.substr(kept)));
        CHECK(lost.error == (lost.lines > 0 ? EFBIG : 0));
        CHECK(write(file, "after\n").lines == 0);
        CHECK(content(folder.path() / "log") == batch.substr(0, kept) + "after\n");
    }
}

TEST_CASE("the end of a torn line is not written to another file")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    writer_fixture log{path};
    {
        full_disk const disk{3};
        log.log("torn\n");
    }
    fs::rename(path, folder.path() / "log.1");
    log.reopen_and_log("after\n");
    CHECK(lines(path) == std::vector<std::string>{"info log_reopened file=" + path.string(),
                                                  "warn log_dropped lines=1 error=\"queue full\"", "after"});
}

TEST_CASE("a torn line is not lost when the reopen fails")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    writer_fixture log{path};
    {
        full_disk const disk{3};
        log.log("torn\n");
    }
    fs::rename(path, folder.path() / "log.1");
    fs::create_directory(path);
    log.reopen_and_log("after\n");
    CHECK(lines(folder.path() / "log.1") ==
          std::vector<std::string>{
              "torn", "error log_reopen_failed file=" + path.string() + " error=\"Is a directory\"", "after"});
}

TEST_CASE("a line of which no byte was written is lost whole")
{
    temporary_folder const folder;
    append_file file{folder.path() / "log"};
    {
        full_disk const disk{0};
        CHECK(write(file, "lost\n").error == EFBIG);
        CHECK_FALSE(file.has_unfinished());
    }
    CHECK(write(file, "kept\n").error == 0);
    CHECK(content(folder.path() / "log") == "kept\n");
}

TEST_CASE("the log stops at a minimum of free space and reports it when it continues")
{
    temporary_folder const folder;
    auto const path = folder.path() / "log";
    free_space_check::space disk{.size = 1000, .available = 70};
    writer_fixture log{path, free_space_check{[&disk](int) { return std::optional{disk}; }}};
    log.log("12345678901234567\n");
    log.log("123456789012345678\n123456789012345678\n");  // 38 bytes: 32 would be left of 50
    disk.available = 49;
    log.log("lost\n", 2);
    log.log("");
    CHECK(content(path) == "12345678901234567\n");
    disk.available = 70;
    log.log("after\n");
    CHECK(lines(path) == std::vector<std::string>{"12345678901234567",
                                                  "warn log_dropped lines=5 error=\"too little free space\"", "after"});
}

TEST_CASE("the minimum of free space is 256 MiB and on small file systems a twentieth of their size")
{
    std::uint64_t const MiB = 1024 * 1024;
    free_space_check::space disk{.size = 100 * 1024 * MiB, .available = 256 * MiB + 10};
    free_space_check const floor{[&disk](int) { return std::optional{disk}; }};
    CHECK(floor.has_space(0, 10));
    CHECK_FALSE(floor.has_space(0, 11));
    disk = {.size = 100 * MiB, .available = 5 * MiB + 10};
    CHECK(floor.has_space(0, 10));
    CHECK_FALSE(floor.has_space(0, 11));
    disk.available = 5 * MiB - 1;
    CHECK_FALSE(floor.has_space(0, 0));
}

TEST_CASE("unknown free space does not stop the log")
{
    CHECK(free_space_check{[](int) { return std::optional<free_space_check::space>{}; }}.has_space(0, 1'000'000));
    CHECK_FALSE(free_space_check::fstatvfs_of(-1));
    append_file const device{"/dev/null"};
    CHECK_FALSE(free_space_check::fstatvfs_of(device.descriptor()));
}

TEST_CASE("the size of a file system is that of fstatvfs")
{
    temporary_folder const folder;
    append_file const file{folder.path() / "log"};
    auto const found = free_space_check::fstatvfs_of(file.descriptor());
    REQUIRE(found);
    CHECK(found->size == fs::space(folder.path()).capacity);
    CHECK(found->available <= found->size);
}

TEST_CASE("a device can be the log")
{
    append_file none{"/dev/null"};
    CHECK(none.opening_error() == 0);
    CHECK(write(none, "line\n").error == 0);
    append_file full{"/dev/full"};
    CHECK(write(full, "line\nline\n").error == ENOSPC);
}

}  // namespace porter::detail::log
