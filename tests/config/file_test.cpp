#include "config/file.hpp"

#include <random>
#include <string>

#include "config/fixtures.hpp"

namespace porter::detail::config {
namespace {

std::string problem_in(std::string const& text)
{
    return problem_of([&] { read_toml(text, "porterd.toml"); });
}

texts only_values(std::string const& text)
{
    auto const settings = read_toml(text, "porterd.toml");
    REQUIRE(settings.size() == 1);
    return settings.front().values;
}

}  // namespace

TEST_CASE("a value of the file becomes the text that a flag would have")
{
    CHECK(only_values("port = 80") == texts{"80"});
    CHECK(only_values("port = -1") == texts{"-1"});
    CHECK(only_values("bind = ['::1', '127.0.0.1']") == texts{"::1", "127.0.0.1"});
    CHECK(only_values("bind = '::1'") == texts{"::1"});
    CHECK(only_values("bind = []").empty());
    CHECK(only_values("login-grace = '5s'") == texts{"5s"});
    CHECK(only_values("login-grace = 5") == texts{"5"});
    CHECK(only_values("max-frame = 4096") == texts{"4096"});
    CHECK(only_values("strict-port = true") == texts{"on"});
    CHECK(only_values("greet-by-address = false") == texts{"off"});
    CHECK(only_values("greet-by-address = 'off'") == texts{"off"});
    CHECK(read_toml("# nothing\n", "porterd.toml").empty());
}

TEST_CASE("an unknown key is rejected with its place")
{
    CHECK(problem_in("port = 1\n\n  prot = 2") == "78: porterd.toml:3:3: unknown key prot (did you mean port?)");
    CHECK(problem_in("[server]\nport = 1") == "78: porterd.toml:1:2: unknown key server (did you mean service?)");
    CHECK(problem_in("server.port = 1").starts_with("78: porterd.toml:1:1: unknown key server"));
    CHECK(problem_in("config = 'x'").starts_with("78: porterd.toml:1:1: unknown key config"));
    CHECK(problem_in("max_frame = 1").ends_with("unknown key max_frame (did you mean max-frame?)"));
    CHECK(problem_in("\"\\u001b[2J\" = 1").find('\x1b') == std::string::npos);
}

TEST_CASE("a value of the wrong type is rejected with its place")
{
    CHECK(problem_in("port = '80'") == "78: porterd.toml:1:8: port must be an integer");
    CHECK(problem_in("port = 80.0") == "78: porterd.toml:1:8: port must be an integer");
    CHECK(problem_in("port = [80]") == "78: porterd.toml:1:8: port must be an integer");
    CHECK(problem_in("bind = [\n  '::1',\n  5\n]") == "78: porterd.toml:3:3: bind must be an array of strings");
    CHECK(problem_in("strict-port = 'on'") == "78: porterd.toml:1:15: strict-port must be true or false");
    CHECK(problem_in("data-dir = 5") == "78: porterd.toml:1:12: data-dir must be a string");
    CHECK(problem_in("login-grace = 1979-05-27")
              .starts_with("78: porterd.toml:1:15: login-grace must be a string such as"));
    CHECK(problem_in("max-frame = true").starts_with("78: porterd.toml:1:13: max-frame must be a string such as"));
    CHECK(problem_in("[port]").starts_with("78: porterd.toml:1:1: port must be an integer"));
}

TEST_CASE("a file that is not TOML is rejected with the place of the error")
{
    CHECK(problem_in("port = \n").starts_with("78: porterd.toml:1:"));
    CHECK(problem_in("port = 1\nport = 2").starts_with("78: porterd.toml:2:"));
    CHECK(problem_in("port = 1\n\xff").starts_with("78: porterd.toml:"));
    CHECK(problem_in("port = 99999999999999999999").starts_with("78: porterd.toml:1:"));
    CHECK(problem_in(std::string(5000, '[')).starts_with("78: porterd.toml:1:"));
}

TEST_CASE("a file that cannot be read is named")
{
    CHECK(problem_of([] { read_file("/nowhere/porterd.toml"); }) ==
          "66: cannot read /nowhere/porterd.toml: No such file or directory");
    CHECK(problem_of([] { read_file("/"); }) == "78: cannot read /: Is a directory");
    CHECK(problem_of([] { read_file("/dev/zero"); }) == "78: cannot read /dev/zero: File too large");
}

TEST_CASE("a file is read whole")
{
    config_file const file{"# " + std::string(100'000, 'x') + "\nport = 81\n"};
    auto const settings = read_file(file.path);
    REQUIRE(settings.size() == 1);
    CHECK(settings.front().values == texts{"81"});
    CHECK(settings.front().from.where == file.path + ":2:8");
}

TEST_CASE("random changes to a file cause no error other than a rejection")
{
    std::mt19937 random{2026};
    std::string const good = "port = 80\nbind = ['::1', \"127.0.0.1\"]\nlogin-grace = '5s'\nstrict-port = true\n";
    for (int round = 0; round < 5'000; ++round) {
        auto text = good;
        for (auto changes = random() % 4 + 1; changes > 0; --changes)
            text[random() % text.size()] = static_cast<char>(random());
        auto const problem = problem_in(text);
        REQUIRE(problem.find('\n') == std::string::npos);
        REQUIRE((problem == "no problem" || problem.starts_with("78: porterd.toml:")));
    }
}

}  // namespace porter::detail::config
