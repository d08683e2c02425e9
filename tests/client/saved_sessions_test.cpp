#include "client/saved_sessions.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "support/catch.hpp"

using porter::detail::base::secret;
using porter::detail::base::timestamp;
using porter::detail::client::saved_session;
using porter::detail::client::saved_sessions;
using porter::detail::client::server_identity;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

timestamp const today{1'000'000s};

/// A file of saved sessions in a directory of its own, and the warnings about it.
class shelf {
public:
    shelf()
    {
        std::string pattern = (fs::temp_directory_path() / "porter-saved-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    ~shelf() { fs::remove_all(root_); }

    fs::path directory() const { return root_ / "state" / "porter"; }
    fs::path file() const { return directory() / "sessions"; }

    saved_sessions sessions()
    {
        return {file(), [this](std::string const& warning) { warnings.push_back(warning); }};
    }

    void write(std::string const& text) const
    {
        fs::create_directories(directory());
        std::ofstream{file()} << text;
        ::chmod(file().c_str(), 0600);
    }

    std::string read() const
    {
        std::ifstream stream{file()};
        return {std::istreambuf_iterator<char>{stream}, {}};
    }

    std::vector<std::string> warnings;

private:
    fs::path root_;
};

saved_session session(std::string name, std::string token, std::uint16_t port = 7678)
{
    saved_session made;
    made.server = {"localhost", port, "plain", "-"};
    made.name = std::move(name);
    made.expires_at = today + 1h;
    made.token = secret{token};
    return made;
}

server_identity const here{"localhost", 7678, "plain", "-"};

unsigned mode_of(fs::path const& path)
{
    struct ::stat about{};
    ::lstat(path.c_str(), &about);
    return about.st_mode & 07777;
}

}  // namespace

TEST_CASE("a kept session is found again")
{
    shelf shelf;
    shelf.sessions().save(session("Alice", "prt_a"), today);
    auto const found = shelf.sessions().find(here, "", today);
    REQUIRE(found);
    CHECK(found->name == "Alice");
    CHECK(found->token.view() == "prt_a");
    CHECK(shelf.warnings.empty());
}

TEST_CASE("without a file there is no session and no warning")
{
    shelf shelf;
    CHECK_FALSE(shelf.sessions().find(here, "", today));
    shelf.sessions().forget(here, "Alice");
    CHECK(shelf.warnings.empty());
}

TEST_CASE("the file and its directory are private")
{
    shelf shelf;
    ::umask(0);
    shelf.sessions().save(session("Alice", "prt_a"), today);
    ::umask(022);
    CHECK(mode_of(shelf.file()) == 0600);
    CHECK(mode_of(shelf.directory()) == 0700);
}

TEST_CASE("a token is offered to nothing but the place it is from")
{
    shelf shelf;
    shelf.sessions().save(session("Alice", "prt_a"), today);
    auto elsewhere = here;
    SECTION("host")
    {
        elsewhere.host = "localhost.example";
    }
    SECTION("port")
    {
        elsewhere.port = 7679;
    }
    SECTION("transport")
    {
        elsewhere.transport = "tls";
    }
    SECTION("key")
    {
        elsewhere.key = "SHA256:abc";
    }
    CHECK_FALSE(shelf.sessions().find(elsewhere, "", today));
}

TEST_CASE("the session kept last is found unless another name is wanted")
{
    shelf shelf;
    shelf.sessions().save(session("Alice", "prt_a"), today);
    shelf.sessions().save(session("Bob", "prt_b"), today);
    CHECK(shelf.sessions().find(here, "", today)->name == "Bob");
    CHECK(shelf.sessions().find(here, "Alice", today)->token.view() == "prt_a");
    CHECK_FALSE(shelf.sessions().find(here, "Carol", today));
}

TEST_CASE("the other names under which sessions are kept for a server are told")
{
    shelf disk;
    auto const sessions = disk.sessions();
    for (auto const* const name : {"Alice", "Bob", "Carol"}) REQUIRE(sessions.save(session(name, "prt_x"), today));
    REQUIRE(sessions.save(session("Elsewhere", "prt_x", 7679), today));
    std::vector<std::string> others{"old"};
    REQUIRE(sessions.find(here, "", today, &others));
    CHECK(others == std::vector<std::string>{"Alice", "Bob"});
    REQUIRE(sessions.find(here, "Bob", today, &others));
    CHECK(others == std::vector<std::string>{"Alice", "Carol"});
    CHECK_FALSE(sessions.find(here, "", today + 2h, &others));
    CHECK(others.empty());
}

TEST_CASE("a new session of the same name takes the place of the old one")
{
    shelf shelf;
    shelf.sessions().save(session("Alice", "prt_old"), today);
    shelf.sessions().save(session("Alice", "prt_new"), today);
    CHECK(shelf.read().find("prt_old") == std::string::npos);
    CHECK(shelf.sessions().find(here, "Alice", today)->token.view() == "prt_new");
}

TEST_CASE("a forgotten session is gone and the others stay")
{
    shelf shelf;
    shelf.sessions().save(session("Alice", "prt_a"), today);
    shelf.sessions().save(session("Bob", "prt_b"), today);
    shelf.sessions().forget(here, "Bob");
    CHECK(shelf.read().find("prt_b") == std::string::npos);
    CHECK(shelf.sessions().find(here, "", today)->name == "Alice");
}

TEST_CASE("an expired session is passed over and dropped with the next change")
{
    shelf shelf;
    shelf.sessions().save(session("Alice", "prt_a"), today);
    CHECK_FALSE(shelf.sessions().find(here, "", today + 2h));
    auto later = session("Bob", "prt_b");
    later.expires_at = today + 10h;
    shelf.sessions().save(later, today + 2h);
    CHECK(shelf.read().find("prt_a") == std::string::npos);
}

TEST_CASE("a bad line is a warning with its number and stays in the file")
{
    shelf shelf;
    shelf.write("# kept by hand\ngarbage\nlocalhost 7678 plain - 1003600 prt_a Alice\n\x01\x02\xff\n");
    CHECK(shelf.sessions().find(here, "", today)->name == "Alice");
    REQUIRE(shelf.warnings.size() == 2);
    CHECK(shelf.warnings[0].find("sessions:2 ") != std::string::npos);
    CHECK(shelf.warnings[1].find("sessions:4 ") != std::string::npos);

    shelf.sessions().save(session("Bob", "prt_b"), today);
    CHECK(shelf.read() ==
          "# kept by hand\ngarbage\nlocalhost 7678 plain - 1003600 prt_a Alice\n\x01\x02\xff\n"
          "localhost 7678 plain - 1003600 prt_b Bob\n");
}

TEST_CASE("sessions are found whatever an editor or another system did to the file")
{
    shelf shelf;
    auto const text = GENERATE("\xef\xbb\xbf# mine\r\n\r\nlocalhost 7678 plain - 1003600 prt_a Alice\r\n",
                               "\xef\xbb\xbflocalhost 7678 plain - 1003600 prt_a Alice",
                               "  localhost\t7678 plain - 1003600 prt_a Alice\t");
    shelf.write(text);
    auto const found = shelf.sessions().find(here, "Alice", today);
    REQUIRE(found);
    CHECK(found->token.view() == "prt_a");
    CHECK(shelf.warnings.empty());
    shelf.sessions().forget(here, "Alice");
    CHECK(shelf.read().find("prt_a") == std::string::npos);
}

TEST_CASE("a session that cannot be kept is told of with the reason")
{
    std::vector<std::string> warnings;
    auto const warn = [&warnings](std::string const& warning) { warnings.push_back(warning); };
    CHECK_FALSE(saved_sessions{{}, warn}.save(session("Alice", "prt_a"), today));
    CHECK_FALSE(saved_sessions{"/sys/no-such-folder/porter/sessions", warn}.save(session("Alice", "prt_a"), today));
    REQUIRE(warnings.size() == 2);
    CHECK(warnings[0] == "the session is not saved: neither HOME nor XDG_STATE_HOME is set");
    CHECK(warnings[1].find("/sys/no-such-folder/porter: ") != std::string::npos);
    CHECK(warnings[1].find("No such file") == std::string::npos);  // it is not there because it may not be made
    CHECK_FALSE(saved_sessions({}, warn).find(here, "", today));
    CHECK(warnings.size() == 2);
}

TEST_CASE("a last line without a line feed counts")
{
    shelf shelf;
    shelf.write("localhost 7678 plain - 1003600 prt_a Alice");
    CHECK(shelf.sessions().find(here, "", today));
}

TEST_CASE("a file that others could read is made private with a warning")
{
    shelf shelf;
    shelf.sessions().save(session("Alice", "prt_a"), today);
    ::chmod(shelf.file().c_str(), 0644);
    CHECK(shelf.sessions().find(here, "", today));
    CHECK(shelf.warnings.size() == 1);
    CHECK(mode_of(shelf.file()) == 0600);
}

// Promise S12.
TEST_CASE("what is no file of ours is neither read nor written")
{
    shelf shelf;
    fs::create_directories(shelf.directory());
    SECTION("a symbolic link")
    {
        std::ofstream{shelf.directory() / "target"} << "precious";
        fs::create_symlink("target", shelf.file());
    }
    SECTION("a directory")
    {
        fs::create_directory(shelf.file());
    }
    SECTION("a pipe")
    {
        ::mkfifo(shelf.file().c_str(), 0600);
    }
    SECTION("a huge file")
    {
        shelf.write(std::string(2 * 1024 * 1024, 'x'));
    }
    auto const before = fs::symlink_status(shelf.file()).type();
    shelf.sessions().save(session("Alice", "prt_a"), today);
    CHECK_FALSE(shelf.sessions().find(here, "", today));
    CHECK(shelf.warnings.size() == 2);
    CHECK(fs::symlink_status(shelf.file()).type() == before);
}

TEST_CASE("a file left over from a crash is no hindrance")
{
    shelf shelf;
    fs::create_directories(shelf.directory());
    std::ofstream{shelf.file().string() + ".new"} << "half";
    shelf.sessions().save(session("Alice", "prt_a"), today);
    CHECK(shelf.sessions().find(here, "", today));
    CHECK_FALSE(fs::exists(shelf.file().string() + ".new"));
}

TEST_CASE("a place that cannot be written is a warning")
{
    std::vector<std::string> warnings;
    saved_sessions sessions{"/proc/nowhere/sessions", [&](std::string const& text) { warnings.push_back(text); }};
    sessions.save(session("Alice", "prt_a"), today);
    CHECK(warnings.size() == 1);
}

TEST_CASE("the file stands in XDG_STATE_HOME or else below the home")
{
    std::string const state = std::getenv("XDG_STATE_HOME") ? std::getenv("XDG_STATE_HOME") : "";
    ::setenv("HOME", "/home/alice", 1);
    ::setenv("XDG_STATE_HOME", "/state", 1);
    CHECK(saved_sessions::default_file() == "/state/porter/sessions");
    ::setenv("XDG_STATE_HOME", "relative", 1);
    CHECK(saved_sessions::default_file() == "/home/alice/.local/state/porter/sessions");
    ::unsetenv("XDG_STATE_HOME");
    ::unsetenv("HOME");
    CHECK(saved_sessions::default_file().empty());
    if (!state.empty()) ::setenv("XDG_STATE_HOME", state.c_str(), 1);
}

TEST_CASE("a session of a server for which an authority vouches is found under its new key and replaced there")
{
    std::string const authority = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    shelf shelf;
    auto kept = session("Alice", "prt_old");
    kept.server = {"localhost", 7678, "tls", "before", authority};
    shelf.sessions().save(kept, today);
    auto renewed = session("Alice", "prt_new");
    renewed.server = {"localhost", 7678, "tls", "renewed", authority};
    REQUIRE(shelf.sessions().find(renewed.server, "Alice", today));
    CHECK(shelf.sessions().find(renewed.server, "Alice", today)->token.view() == "prt_old");
    CHECK_FALSE(shelf.sessions().find({"localhost", 7678, "tls", "renewed", {}}, "Alice", today));

    shelf.sessions().save(renewed, today);
    CHECK(shelf.read().find("prt_old") == std::string::npos);
    shelf.sessions().forget({"localhost", 7678, "tls", "the next", authority}, "Alice");
    CHECK(shelf.read().empty());
}
