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

/// A known_servers file in a folder of its own, and the warnings about it.
class address_book : public porter::testing::state_folder {
public:
    known_servers servers()
    {
        return {file("known_servers"), [this](std::string const& warning) { warnings.push_back(warning); }};
    }
    void write(std::string const& text) const { state_folder::write("known_servers", text); }
    std::string read() const { return state_folder::read("known_servers"); }

    std::vector<std::string> warnings;
};

known_server server(std::string where = here, std::string fingerprint = key)
{
    return {std::move(where), std::move(fingerprint), "2026-11-20"};
}

}  // namespace

TEST_CASE("a kept key is found again with its line")
{
    address_book book;
    CHECK_FALSE(book.servers().add(server("example.org:1", other_key)));
    CHECK_FALSE(book.servers().add(server()));
    auto const found = book.servers().find(here);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().fingerprint == key);
    CHECK(found->front().line == 2);
    CHECK(book.read() == "example.org:1 " + other_key + " 2026-11-20\n" + here + " " + key + " 2026-11-20\n");
    CHECK(book.warnings.empty());
}

TEST_CASE("without a file no server is known and none is missed")
{
    address_book book;
    auto const found = book.servers().find(here);
    REQUIRE(found);
    CHECK(found->empty());
    CHECK(book.warnings.empty());
}

TEST_CASE("another port or host is another server")
{
    address_book book;
    CHECK_FALSE(book.servers().add(server()));
    std::string const elsewhere = GENERATE("localhost:7679", "localhost:76", "localhos:7678", "127.0.0.1:7678");
    auto const found = book.servers().find(elsewhere);
    REQUIRE(found);
    CHECK(found->empty());
}

TEST_CASE("the file of known servers and its directory are private")
{
    address_book book;
    CHECK_FALSE(book.servers().add(server()));
    CHECK(book.mode_of("known_servers") == 0600);
    CHECK(book.mode_of("") == 0700);
}

TEST_CASE("the same key is kept once and another one beside it never")
{
    address_book book;
    CHECK_FALSE(book.servers().add(server()));
    CHECK_FALSE(book.servers().add(server()));
    auto const problem = book.servers().add(server(here, other_key));
    REQUIRE(problem);
    CHECK(problem->find(key) != std::string::npos);
    CHECK(book.read() == here + " " + key + " 2026-11-20\n");
}

TEST_CASE("a server may have several keys in lines written by hand")
{
    address_book book;
    book.write(here + " " + key + " old\n" + here + " " + other_key + " from January on\n");
    auto const found = book.servers().find(here);
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(found->back().fingerprint == other_key);
    CHECK(found->back().line == 2);
}

TEST_CASE("a bad line about another server is a warning with its number and stays")
{
    address_book book;
    auto const text = "# mine\n\ngarbage\nexample.org:1 SHA256:short\n" + here + " " + key;
    book.write(text);
    auto const found = book.servers().find(here);
    REQUIRE(found);
    CHECK(found->size() == 1);
    REQUIRE(book.warnings.size() == 2);
    CHECK(book.warnings[0].find("known_servers:3 ") != std::string::npos);
    CHECK(book.warnings[1].find("known_servers:4 ") != std::string::npos);
    CHECK_FALSE(book.servers().add(server("b:2")));
    CHECK(book.read() == text + "\nb:2 " + key + " 2026-11-20\n");
    CHECK(book.warnings.size() == 2);
}

TEST_CASE("a bad line about the very server is a problem and no first use")
{
    address_book book;
    std::string const line = GENERATE_COPY(here + " SHA256:short 2026-11-20", "localhost:7678", "LOCALHOST:7678\tx",
                                           '\0' + here + " " + key, "\xc2\xa0" + here + " " + key);
    CAPTURE(line);
    book.write("a:1 " + key + "\n" + line + "\n");
    auto const found = book.servers().find(here);
    REQUIRE_FALSE(found);
    CHECK(found.error().find("known_servers:2 ") != std::string::npos);
    CHECK(book.servers().add(server()));
    CHECK(book.read() == "a:1 " + key + "\n" + line + "\n");
}

TEST_CASE("a key is found whatever an editor or another system did to the file")
{
    address_book book;
    auto const text = GENERATE_COPY("\xef\xbb\xbf# mine\r\n\r\n" + here + " " + key + " 2026-11-20\r\n",
                                    "\xef\xbb\xbf  # mine\n \t\n\t" + here + "\t" + key,
                                    "a:1 " + other_key + "\n\n " + here + " " + key + " 2026-11-20\r");
    book.write(text);
    auto const found = book.servers().find(here);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().fingerprint == key);
    CHECK(found->front().line == 3);
    CHECK(book.warnings.empty());
    auto const problem = book.servers().add(server(here, other_key));
    REQUIRE(problem);
    CHECK(problem->find(key) != std::string::npos);
    CHECK(book.read() == text);
}

TEST_CASE("known servers that cannot be read are a problem and are not written")
{
    address_book book;
    std::filesystem::create_directories(book.file("known_servers").parent_path());
    std::filesystem::create_symlink("elsewhere", book.file("known_servers"));
    CHECK_FALSE(book.servers().find(here));
    CHECK(book.servers().add(server()));
    CHECK(std::filesystem::is_symlink(book.file("known_servers")));
}

TEST_CASE("known servers that others could read are made private with a warning")
{
    address_book book;
    book.write(here + " " + key + "\n");
    std::filesystem::permissions(book.file("known_servers"), std::filesystem::perms{0644});
    CHECK(book.servers().find(here));
    CHECK(book.warnings.size() == 1);
    CHECK(book.mode_of("known_servers") == 0600);
}

// Promise S12: state that somebody else owns or could have written is refused.
TEST_CASE("known servers that somebody else could have written are a problem and are left as they are")
{
    address_book book;
    book.write(here + " " + key + "\n");
    auto const mode = GENERATE(0620U, 0602U, 0666U);
    std::filesystem::permissions(book.file("known_servers"), std::filesystem::perms{mode});
    CHECK_FALSE(book.servers().find(here));
    CHECK(book.servers().add(server("b:2")));
    CHECK(book.mode_of("known_servers") == mode);
    CHECK(book.read() == here + " " + key + "\n");
}

TEST_CASE("known servers in a folder where others may write are a problem even when there are none")
{
    address_book book;
    book.write(here + " " + key + "\n");
    if (GENERATE(true, false)) std::filesystem::remove(book.file("known_servers"));
    auto const folder = book.file("known_servers").parent_path();
    std::filesystem::permissions(folder, std::filesystem::perms{GENERATE(0770U, 0707U)});
    CHECK_FALSE(book.servers().find(here));
    CHECK(book.servers().add(server()));
    std::filesystem::permissions(folder, std::filesystem::perms{01777});  // as /tmp: what is ours stays there
    CHECK(book.servers().find(here));
}

TEST_CASE("known servers of another user are a problem")
{
    address_book book;
    book.write(here + " " + key + "\n");
    auto const whose = GENERATE("known_servers", "");
    auto const folder_mode = GENERATE(0700U, 01777U);  // where others may put files, its owner may still take them away
    std::filesystem::permissions(book.file(""), std::filesystem::perms{folder_mode});
    if (::chown(book.file(whose).c_str(), 65534, 65534) != 0) return;  // only root gives files away
    CHECK_FALSE(book.servers().find(here));
}

TEST_CASE("nobody's home keeps no key and says so")
{
    known_servers const nowhere{{}, {}};
    auto const found = nowhere.find(here);
    REQUIRE(found);
    CHECK(found->empty());
    CHECK(nowhere.add(server()));
}

TEST_CASE("clients that meet their servers at the same time lose no key")
{
    address_book book;
    constexpr int clients = 8;
    std::vector<std::thread> threads;
    std::atomic<int> problems = 0;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&book, &problems, i] {
            known_servers const own{book.file("known_servers"), {}};
            if (own.add(server("host" + std::to_string(i) + ":1"))) ++problems;
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(problems == 0);
    for (int i = 0; i < clients; ++i) {
        auto const found = book.servers().find("host" + std::to_string(i) + ":1");
        REQUIRE(found);
        CHECK(found->size() == 1);
    }
}
