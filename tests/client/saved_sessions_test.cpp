#include "porter/saved_sessions.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "porter/state_files.hpp"
#include "support/catch.hpp"

using porter::saved_session;
using porter::saved_sessions;
using porter::secret;
using porter::server_identity;
using porter::transport;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

std::chrono::sys_seconds const today{1'000'000s};

/// A file of saved sessions in a directory of its own, and the warnings about it.
class sessions_fixture {
public:
    sessions_fixture()
    {
        std::string pattern = (fs::temp_directory_path() / "porter-saved-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    ~sessions_fixture() { fs::remove_all(root_); }

    fs::path directory() const { return root_ / "state" / "porter"; }
    fs::path file() const { return directory() / "sessions"; }

    saved_sessions sessions()
    {
        auto const warn = [this](std::string const& warning) { warnings.push_back(warning); };
        return saved_sessions{file(), warn, [this] { return now; }};
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
    std::chrono::sys_seconds now = today;

private:
    fs::path root_;
};

saved_session session(std::string name, std::string token, std::uint16_t port = 7678)
{
    saved_session saved;
    saved.server = {"localhost", port, transport::plain};
    saved.name = std::move(name);
    saved.expires_at = today + 1h;
    saved.token = secret{token};
    return saved;
}

server_identity const here{"localhost", 7678, transport::plain};

unsigned mode_of(fs::path const& path)
{
    struct ::stat status{};
    ::lstat(path.c_str(), &status);
    return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a saved session is found")
{
    sessions_fixture fixture;
    fixture.sessions().save(session("Alice", "prt_a"));
    auto const found = fixture.sessions().find(here);
    REQUIRE(found);
    CHECK(found->name == "Alice");
    CHECK(found->token.view() == "prt_a");
    CHECK(fixture.warnings.empty());
}

TEST_CASE("without a file there is no session and no warning")
{
    sessions_fixture fixture;
    CHECK_FALSE(fixture.sessions().find(here));
    fixture.sessions().forget(here, "Alice");
    CHECK(fixture.warnings.empty());
}

TEST_CASE("the file and its directory are private")
{
    sessions_fixture fixture;
    ::umask(0);
    fixture.sessions().save(session("Alice", "prt_a"));
    ::umask(022);
    CHECK(mode_of(fixture.file()) == 0600);
    CHECK(mode_of(fixture.directory()) == 0700);
}

TEST_CASE("a session is found only for the server that it is from")
{
    sessions_fixture fixture;
    fixture.sessions().save(session("Alice", "prt_a"));
    auto other = here;
    SECTION("host")
    {
        other.host = "localhost.example";
    }
    SECTION("port")
    {
        other.port = 7679;
    }
    SECTION("transport")
    {
        other.transport = transport::tls;
    }
    SECTION("key")
    {
        other.key = "SHA256:abc";
    }
    CHECK_FALSE(fixture.sessions().find(other));
}

TEST_CASE("the session saved last is found unless a name is given")
{
    sessions_fixture fixture;
    fixture.sessions().save(session("Alice", "prt_a"));
    fixture.sessions().save(session("Bob", "prt_b"));
    CHECK(fixture.sessions().find(here)->name == "Bob");
    CHECK(fixture.sessions().find(here, "Alice")->token.view() == "prt_a");
    CHECK_FALSE(fixture.sessions().find(here, "Carol"));
}

TEST_CASE("the names of the other sessions for the server are found")
{
    sessions_fixture fixture;
    auto const sessions = fixture.sessions();
    for (auto const* const name : {"Alice", "Bob", "Carol"}) REQUIRE(sessions.save(session(name, "prt_x")));
    REQUIRE(sessions.save(session("Elsewhere", "prt_x", 7679)));
    std::vector<std::string> others{"old"};
    REQUIRE(sessions.find(here, "", &others));
    CHECK(others == std::vector<std::string>{"Alice", "Bob"});
    REQUIRE(sessions.find(here, "Bob", &others));
    CHECK(others == std::vector<std::string>{"Alice", "Carol"});
    fixture.now = today + 2h;
    CHECK_FALSE(sessions.find(here, "", &others));
    CHECK(others.empty());
}

TEST_CASE("a new session of the same account replaces the old one")
{
    sessions_fixture fixture;
    fixture.sessions().save(session("Alice", "prt_old"));
    fixture.sessions().save(session("Alice", "prt_new"));
    CHECK(fixture.read().find("prt_old") == std::string::npos);
    CHECK(fixture.sessions().find(here, "Alice")->token.view() == "prt_new");
}

TEST_CASE("forgetting a session keeps the others")
{
    sessions_fixture fixture;
    fixture.sessions().save(session("Alice", "prt_a"));
    fixture.sessions().save(session("Bob", "prt_b"));
    fixture.sessions().forget(here, "Bob");
    CHECK(fixture.read().find("prt_b") == std::string::npos);
    CHECK(fixture.sessions().find(here)->name == "Alice");
}

TEST_CASE("an expired session is not found and is deleted by the next change")
{
    sessions_fixture fixture;
    fixture.sessions().save(session("Alice", "prt_a"));
    fixture.now = today + 2h;
    CHECK_FALSE(fixture.sessions().find(here));
    auto later = session("Bob", "prt_b");
    later.expires_at = today + 10h;
    fixture.sessions().save(later);
    CHECK(fixture.read().find("prt_a") == std::string::npos);
}

TEST_CASE("an invalid line is reported as a warning with its number and kept")
{
    sessions_fixture fixture;
    fixture.write("# kept by hand\ngarbage\nlocalhost 7678 plain - 1003600 prt_a Alice\n\x01\x02\xff\n");
    CHECK(fixture.sessions().find(here)->name == "Alice");
    REQUIRE(fixture.warnings.size() == 2);
    CHECK(fixture.warnings[0].find("sessions:2 ") != std::string::npos);
    CHECK(fixture.warnings[1].find("sessions:4 ") != std::string::npos);

    fixture.sessions().save(session("Bob", "prt_b"));
    CHECK(fixture.read() ==
          "# kept by hand\ngarbage\nlocalhost 7678 plain - 1003600 prt_a Alice\n\x01\x02\xff\n"
          "localhost 7678 plain - 1003600 prt_b Bob\n");
}

TEST_CASE("a session is found in a file with a byte order mark or CRLF or extra blanks")
{
    sessions_fixture fixture;
    auto const text = GENERATE("\xef\xbb\xbf# mine\r\n\r\nlocalhost 7678 plain - 1003600 prt_a Alice\r\n",
                               "\xef\xbb\xbflocalhost 7678 plain - 1003600 prt_a Alice",
                               "  localhost\t7678 plain - 1003600 prt_a Alice\t");
    fixture.write(text);
    auto const found = fixture.sessions().find(here, "Alice");
    REQUIRE(found);
    CHECK(found->token.view() == "prt_a");
    CHECK(fixture.warnings.empty());
    fixture.sessions().forget(here, "Alice");
    CHECK(fixture.read().find("prt_a") == std::string::npos);
}

TEST_CASE("a session that cannot be saved is reported as a warning with the reason")
{
    std::vector<std::string> warnings;
    auto const warn = [&warnings](std::string const& warning) { warnings.push_back(warning); };
    CHECK_FALSE(saved_sessions{{}, warn}.save(session("Alice", "prt_a")));
    CHECK_FALSE(saved_sessions{"/sys/no-such-folder/porter/sessions", warn}.save(session("Alice", "prt_a")));
    REQUIRE(warnings.size() == 2);
    CHECK(warnings[0] == "the session is not saved: neither HOME nor XDG_STATE_HOME is set");
    CHECK(warnings[1].find("/sys/no-such-folder/porter: ") != std::string::npos);
    CHECK(warnings[1].find("No such file") == std::string::npos);  // the cause is that it cannot be created
    CHECK_FALSE(saved_sessions({}, warn).find(here));
    CHECK(warnings.size() == 2);
}

TEST_CASE("a last line without a line feed is read")
{
    sessions_fixture fixture;
    fixture.write("localhost 7678 plain - 1003600 prt_a Alice");
    CHECK(fixture.sessions().find(here));
}

TEST_CASE("a file of sessions that others could read is made private with a warning")
{
    sessions_fixture fixture;
    fixture.sessions().save(session("Alice", "prt_a"));
    ::chmod(fixture.file().c_str(), 0644);
    CHECK(fixture.sessions().find(here));
    CHECK(fixture.warnings.size() == 1);
    CHECK(mode_of(fixture.file()) == 0600);
}

// Promise S12.
TEST_CASE("a path that is not a regular file of at most 1 MiB is neither read nor written")
{
    sessions_fixture fixture;
    fs::create_directories(fixture.directory());
    SECTION("a symbolic link")
    {
        std::ofstream{fixture.directory() / "target"} << "precious";
        fs::create_symlink("target", fixture.file());
    }
    SECTION("a directory")
    {
        fs::create_directory(fixture.file());
    }
    SECTION("a pipe")
    {
        ::mkfifo(fixture.file().c_str(), 0600);
    }
    SECTION("a huge file")
    {
        fixture.write(std::string(2 * 1024 * 1024, 'x'));
    }
    auto const before = fs::symlink_status(fixture.file()).type();
    fixture.sessions().save(session("Alice", "prt_a"));
    CHECK_FALSE(fixture.sessions().find(here));
    CHECK(fixture.warnings.size() == 2);
    CHECK(fs::symlink_status(fixture.file()).type() == before);
}

TEST_CASE("a temporary file left over from a crash is replaced")
{
    sessions_fixture fixture;
    fs::create_directories(fixture.directory());
    std::ofstream{fixture.file().string() + ".new"} << "half";
    fixture.sessions().save(session("Alice", "prt_a"));
    CHECK(fixture.sessions().find(here));
    CHECK_FALSE(fs::exists(fixture.file().string() + ".new"));
}

TEST_CASE("a file that cannot be written is reported as a warning")
{
    std::vector<std::string> warnings;
    saved_sessions sessions{"/proc/nowhere/sessions", [&](std::string const& text) { warnings.push_back(text); }};
    sessions.save(session("Alice", "prt_a"));
    CHECK(warnings.size() == 1);
}

TEST_CASE("the file is in XDG_STATE_HOME or else in the home directory")
{
    std::string const state = std::getenv("XDG_STATE_HOME") ? std::getenv("XDG_STATE_HOME") : "";
    ::setenv("HOME", "/home/alice", 1);
    ::setenv("XDG_STATE_HOME", "/state", 1);
    CHECK(porter::saved_sessions_file() == "/state/porter/sessions");
    ::setenv("XDG_STATE_HOME", "relative", 1);
    CHECK(porter::saved_sessions_file() == "/home/alice/.local/state/porter/sessions");
    ::unsetenv("XDG_STATE_HOME");
    ::unsetenv("HOME");
    CHECK(porter::saved_sessions_file().empty());
    if (!state.empty()) ::setenv("XDG_STATE_HOME", state.c_str(), 1);
}

TEST_CASE("a session of a certified server is found and replaced after the server has a new key")
{
    std::string const authority = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    sessions_fixture fixture;
    auto old = session("Alice", "prt_old");
    old.server = {"localhost", 7678, transport::tls, "before", authority};
    fixture.sessions().save(old);
    auto renewed = session("Alice", "prt_new");
    renewed.server = {"localhost", 7678, transport::tls, "renewed", authority};
    REQUIRE(fixture.sessions().find(renewed.server, "Alice"));
    CHECK(fixture.sessions().find(renewed.server, "Alice")->token.view() == "prt_old");
    CHECK_FALSE(fixture.sessions().find({"localhost", 7678, transport::tls, "renewed", {}}, "Alice"));

    fixture.sessions().save(renewed);
    CHECK(fixture.read().find("prt_old") == std::string::npos);
    fixture.sessions().forget({"localhost", 7678, transport::tls, "the next", authority}, "Alice");
    CHECK(fixture.read().empty());
}

TEST_CASE("without a function for warnings a problem is not reported")
{
    sessions_fixture fixture;
    fixture.write("garbage\n");
    saved_sessions const sessions{fixture.file()};
    CHECK_FALSE(sessions.find(here));
    CHECK_FALSE(saved_sessions{{}}.save(session("Alice", "prt_a")));
}
