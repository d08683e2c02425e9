#include "client/known_servers.hpp"

#include <unistd.h>

#include <thread>

#include "support/catch.hpp"
#include "support/state_folder.hpp"

using porter::detail::client::known_server;
using porter::detail::client::known_servers;

namespace {

std::string const here = "localhost:7678";
std::string const key = "SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg";
std::string const other_key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

/// A known_servers file in a directory of its own, and the warnings about it.
class known_servers_fixture : public porter::testing::state_folder {
public:
    known_servers servers()
    {
        return {file("known_servers"), [this](std::string const& warning) { warnings.push_back(warning); }};
    }
    void write(std::string const& text) const { state_folder::write("known_servers", text); }
    std::string read() const { return state_folder::read("known_servers"); }

    std::vector<std::string> warnings;
};

known_server server(std::string name = here, std::string fingerprint = key)
{
    return {std::move(name), std::move(fingerprint), "2026-11-20"};
}

}  // namespace

TEST_CASE("a saved key is found with its line number")
{
    known_servers_fixture fixture;
    CHECK_FALSE(fixture.servers().add(server("example.org:1", other_key)));
    CHECK_FALSE(fixture.servers().add(server()));
    auto const found = fixture.servers().find(here);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().fingerprint == key);
    CHECK(found->front().line == 2);
    CHECK(fixture.read() == "example.org:1 " + other_key + " 2026-11-20\n" + here + " " + key + " 2026-11-20\n");
    CHECK(fixture.warnings.empty());
}

TEST_CASE("without a file no server is known and there is no warning")
{
    known_servers_fixture fixture;
    auto const found = fixture.servers().find(here);
    REQUIRE(found);
    CHECK(found->empty());
    CHECK(fixture.warnings.empty());
}

TEST_CASE("a server with another port or host is not found")
{
    known_servers_fixture fixture;
    CHECK_FALSE(fixture.servers().add(server()));
    std::string const elsewhere = GENERATE("localhost:7679", "localhost:76", "localhos:7678", "127.0.0.1:7678");
    auto const found = fixture.servers().find(elsewhere);
    REQUIRE(found);
    CHECK(found->empty());
}

TEST_CASE("the file of known servers and its directory are private")
{
    known_servers_fixture fixture;
    CHECK_FALSE(fixture.servers().add(server()));
    CHECK(fixture.mode_of("known_servers") == 0600);
    CHECK(fixture.mode_of("") == 0700);
}

TEST_CASE("a key is saved once and a second key of the server is rejected")
{
    known_servers_fixture fixture;
    CHECK_FALSE(fixture.servers().add(server()));
    CHECK_FALSE(fixture.servers().add(server()));
    auto const problem = fixture.servers().add(server(here, other_key));
    REQUIRE(problem);
    CHECK(problem->find(key) != std::string::npos);
    CHECK(fixture.read() == here + " " + key + " 2026-11-20\n");
}

TEST_CASE("a server may have several lines with different keys")
{
    known_servers_fixture fixture;
    fixture.write(here + " " + key + " old\n" + here + " " + other_key + " from January on\n");
    auto const found = fixture.servers().find(here);
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(found->back().fingerprint == other_key);
    CHECK(found->back().line == 2);
}

TEST_CASE("an invalid line about another server is reported as a warning and kept")
{
    known_servers_fixture fixture;
    auto const text = "# mine\n\ngarbage\nexample.org:1 SHA256:short\n" + here + " " + key;
    fixture.write(text);
    auto const found = fixture.servers().find(here);
    REQUIRE(found);
    CHECK(found->size() == 1);
    REQUIRE(fixture.warnings.size() == 2);
    CHECK(fixture.warnings[0].find("known_servers:3 ") != std::string::npos);
    CHECK(fixture.warnings[1].find("known_servers:4 ") != std::string::npos);
    CHECK_FALSE(fixture.servers().add(server("b:2")));
    CHECK(fixture.read() == text + "\nb:2 " + key + " 2026-11-20\n");
    CHECK(fixture.warnings.size() == 2);
}

TEST_CASE("an invalid line about the server is an error and no key is saved")
{
    known_servers_fixture fixture;
    std::string const line = GENERATE_COPY(here + " SHA256:short 2026-11-20", "localhost:7678", "LOCALHOST:7678\tx",
                                           '\0' + here + " " + key, "\xc2\xa0" + here + " " + key);
    CAPTURE(line);
    fixture.write("a:1 " + key + "\n" + line + "\n");
    auto const found = fixture.servers().find(here);
    REQUIRE_FALSE(found);
    CHECK(found.error().find("known_servers:2 ") != std::string::npos);
    CHECK(fixture.servers().add(server()));
    CHECK(fixture.read() == "a:1 " + key + "\n" + line + "\n");
}

TEST_CASE("a key is found in a file with a byte order mark or CRLF or extra blanks")
{
    known_servers_fixture fixture;
    auto const text = GENERATE_COPY("\xef\xbb\xbf# mine\r\n\r\n" + here + " " + key + " 2026-11-20\r\n",
                                    "\xef\xbb\xbf  # mine\n \t\n\t" + here + "\t" + key,
                                    "a:1 " + other_key + "\n\n " + here + " " + key + " 2026-11-20\r");
    fixture.write(text);
    auto const found = fixture.servers().find(here);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().fingerprint == key);
    CHECK(found->front().line == 3);
    CHECK(fixture.warnings.empty());
    auto const problem = fixture.servers().add(server(here, other_key));
    REQUIRE(problem);
    CHECK(problem->find(key) != std::string::npos);
    CHECK(fixture.read() == text);
}

TEST_CASE("a file of known servers that cannot be read is an error and is not written")
{
    known_servers_fixture fixture;
    std::filesystem::create_directories(fixture.file("known_servers").parent_path());
    std::filesystem::create_symlink("elsewhere", fixture.file("known_servers"));
    CHECK_FALSE(fixture.servers().find(here));
    CHECK(fixture.servers().add(server()));
    CHECK(std::filesystem::is_symlink(fixture.file("known_servers")));
}

TEST_CASE("a file of known servers that others could read is made private with a warning")
{
    known_servers_fixture fixture;
    fixture.write(here + " " + key + "\n");
    std::filesystem::permissions(fixture.file("known_servers"), std::filesystem::perms{0644});
    CHECK(fixture.servers().find(here));
    CHECK(fixture.warnings.size() == 1);
    CHECK(fixture.mode_of("known_servers") == 0600);
}

// Promise S12: state files that another user owns or could have written are rejected.
TEST_CASE("a file of known servers that another user could have written is an error and is not changed")
{
    known_servers_fixture fixture;
    fixture.write(here + " " + key + "\n");
    auto const mode = GENERATE(0620U, 0602U, 0666U);
    std::filesystem::permissions(fixture.file("known_servers"), std::filesystem::perms{mode});
    CHECK_FALSE(fixture.servers().find(here));
    CHECK(fixture.servers().add(server("b:2")));
    CHECK(fixture.mode_of("known_servers") == mode);
    CHECK(fixture.read() == here + " " + key + "\n");
}

TEST_CASE("known servers in a directory that others may write to are an error even without a file")
{
    known_servers_fixture fixture;
    fixture.write(here + " " + key + "\n");
    if (GENERATE(true, false)) std::filesystem::remove(fixture.file("known_servers"));
    auto const directory = fixture.file("known_servers").parent_path();
    std::filesystem::permissions(directory, std::filesystem::perms{GENERATE(0770U, 0707U)});
    CHECK_FALSE(fixture.servers().find(here));
    CHECK(fixture.servers().add(server()));
    std::filesystem::permissions(directory,
                                 std::filesystem::perms{01777});  // sticky, as /tmp: others cannot remove our file
    CHECK(fixture.servers().find(here));
}

TEST_CASE("a file of known servers that another user owns is an error")
{
    known_servers_fixture fixture;
    fixture.write(here + " " + key + "\n");
    auto const path = GENERATE("known_servers", "");
    auto const directory_mode = GENERATE(0700U, 01777U);  // the owner of a sticky directory may remove any file
    std::filesystem::permissions(fixture.file(""), std::filesystem::perms{directory_mode});
    if (::chown(fixture.file(path).c_str(), 65534, 65534) != 0) return;  // only root can change the owner
    CHECK_FALSE(fixture.servers().find(here));
}

TEST_CASE("without a home directory no key is saved and the error says so")
{
    known_servers const nowhere{{}, {}};
    auto const found = nowhere.find(here);
    REQUIRE(found);
    CHECK(found->empty());
    CHECK(nowhere.add(server()));
}

TEST_CASE("processes that save keys at the same time lose none")
{
    known_servers_fixture fixture;
    constexpr int clients = 8;
    std::vector<std::thread> threads;
    std::atomic<int> problems = 0;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&fixture, &problems, i] {
            known_servers const own{fixture.file("known_servers"), {}};
            if (own.add(server("host" + std::to_string(i) + ":1"))) ++problems;
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(problems == 0);
    for (int i = 0; i < clients; ++i) {
        auto const found = fixture.servers().find("host" + std::to_string(i) + ":1");
        REQUIRE(found);
        CHECK(found->size() == 1);
    }
}
