#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "support/catch.hpp"
#include "support/state_folder.hpp"

using namespace porter::detail;
using porter::testing::state_folder;
namespace fs = std::filesystem;

namespace {

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) >= 0;
}

std::optional<std::string> accept_all(int, struct stat const&)
{
    return std::nullopt;
}

std::string error_of_reading(fs::path const& file, base::symlinks links = base::symlinks::follow)
{
    auto const content = base::read_private(file, links, accept_all);
    return content ? "none" : content.error().message;
}

}  // namespace

TEST_CASE("unique_fd closes what it owns once")
{
    int fd = -1;
    {
        base::unique_fd first{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
        fd = first.get();
        base::unique_fd second{std::move(first)};
        CHECK_FALSE(first);
        CHECK(second.get() == fd);
        CHECK(is_open(fd));
    }
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("folder_of a bare name is the current folder")
{
    CHECK(base::folder_of("name") == ".");
    CHECK(base::folder_of("a/name") == "a");
    CHECK(base::folder_of("/name") == "/");
}

TEST_CASE("read_private reads a regular file and follows a link only if asked to")
{
    state_folder const folder;
    folder.write("secret", "word\n");
    fs::create_symlink("secret", folder.file("link"));
    auto const content = base::read_private(folder.file("link"), base::symlinks::follow, accept_all);
    REQUIRE(content);
    CHECK(content->view() == "word\n");
    CHECK(error_of_reading(folder.file("link"), base::symlinks::reject) == "it is a symbolic link");
    CHECK(error_of_reading(folder.file("secret"), base::symlinks::reject) == "none");
}

TEST_CASE("read_private rejects all but small regular files without blocking")
{
    state_folder const folder;
    folder.write("large", std::string(1024 * 1024 + 1, 'x'));
    folder.write("limit", std::string(1024 * 1024, 'x'));
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    CHECK(error_of_reading(folder.file("large")) == "it is larger than 1 MiB");
    CHECK(error_of_reading(folder.file("limit")) == "none");
    CHECK(error_of_reading(folder.file("pipe")) == "it is not a regular file");
    auto const missing = base::read_private(folder.file("missing"), base::symlinks::follow, accept_all);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ENOENT);
}

TEST_CASE("read_private does not check a file that is too large")
{
    state_folder const folder;
    folder.write("large", std::string(1024 * 1024 + 1, 'x'));
    bool is_checked = false;
    auto const content = base::read_private(folder.file("large"), base::symlinks::reject, [&](int, struct stat const&) {
        is_checked = true;
        return std::optional<std::string>{};
    });
    CHECK_FALSE(content);
    CHECK_FALSE(is_checked);
}

TEST_CASE("read_private reads nothing from a file that the check rejects")
{
    state_folder const folder;
    folder.write("secret", "word");
    auto const content = base::read_private(folder.file("secret"), base::symlinks::reject,
                                            [](int, struct stat const&) { return std::optional<std::string>{"no"}; });
    REQUIRE_FALSE(content);
    CHECK(content.error().message == "no");
    CHECK(content.error().code == 0);
}

TEST_CASE("write_atomically replaces a file and never writes through a link left under the temporary name")
{
    state_folder const folder;
    folder.write("state", "old");
    folder.write("other", "untouched");
    fs::create_symlink("other", folder.file("state.new"));
    REQUIRE(base::write_atomically(folder.file("state"), "new", base::existing_file::replace) == 0);
    CHECK(folder.read("state") == "new");
    CHECK(folder.read("other") == "untouched");
    CHECK(folder.mode_of("state") == 0600);
    CHECK_FALSE(fs::exists(fs::symlink_status(folder.file("state.new"))));
}

TEST_CASE("write_atomically keeps an existing file if asked to and leaves no temporary file")
{
    state_folder const folder;
    folder.write("key", "old");
    REQUIRE(base::write_atomically(folder.file("key"), "new", base::existing_file::keep) == 0);
    CHECK(folder.read("key") == "old");
    REQUIRE(base::write_atomically(folder.file("fresh"), "new", base::existing_file::keep) == 0);
    CHECK(folder.read("fresh") == "new");
    CHECK(folder.mode_of("fresh") == 0600);
    auto const parent = folder.file("key").parent_path();
    CHECK(std::distance(fs::directory_iterator{parent}, fs::directory_iterator{}) == 2);
}

TEST_CASE("write_atomically reports a missing folder and leaves nothing when the name is a folder")
{
    state_folder const folder;
    CHECK(base::write_atomically(folder.file("none"), "x", base::existing_file::replace) == ENOENT);
    fs::create_directories(folder.file("taken"));
    CHECK(base::write_atomically(folder.file("taken"), "x", base::existing_file::replace) == EISDIR);
    CHECK_FALSE(fs::exists(folder.file("taken.new")));
}
