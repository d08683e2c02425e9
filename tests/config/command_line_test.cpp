#include "config/command_line.hpp"

#include <string>
#include <vector>

#include "config/fixtures.hpp"

namespace porter::detail::config {
namespace {

std::vector<std::string> values_of(std::vector<std::string> arguments)
{
    std::vector<std::string> values;
    for (auto const& one : parse_command_line(std::move(arguments)).settings) {
        values.push_back(std::string{one.option->name});
        values.insert(values.end(), one.values.begin(), one.values.end());
    }
    return values;
}

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("a flag is read in all its spellings")
{
    CHECK(values_of({}).empty());
    CHECK(values_of({"--port", "80"}) == words{"port", "80"});
    CHECK(values_of({"--port=80"}) == words{"port", "80"});
    CHECK(values_of({"-p", "80"}) == words{"port", "80"});
    CHECK(values_of({"-p80"}) == words{"port", "80"});
    CHECK(values_of({"--strict-port"}) == words{"strict-port", "true"});
    CHECK(values_of({"--"}).empty());
}

TEST_CASE("bind may be given more than once and takes one value each time")
{
    CHECK(values_of({"-b", "::1", "--bind", "127.0.0.1", "--port", "0"}) ==
          words{"port", "0", "bind", "::1", "127.0.0.1"});
    CHECK(values_of({"--bind", "[::1]"}) == words{"bind", "[::1]"});
    CHECK(problem_with({"--bind", "::1", "127.0.0.1"}) ==
          "64: unexpected argument \"127.0.0.1\": porterd takes only options (--help)");
}

TEST_CASE("help and version and the file are not settings")
{
    CHECK(parse_command_line({"--help"}).help);
    CHECK(parse_command_line({"-h", "--nonsense"}).help);
    CHECK(parse_command_line({"--version"}).version);
    CHECK(parse_command_line({"--config", "x.toml"}).config_file == "x.toml");
    CHECK_FALSE(parse_command_line({}).config_file);
}

TEST_CASE("an invalid command line is rejected with what is valid")
{
    CHECK(problem_with({"--prot", "80"}) == "64: unknown option --prot (did you mean --port?)");
    CHECK(problem_with({"--acess=open"}) == "64: unknown option --acess=open (did you mean --access?)");
    CHECK(problem_with({"--zzzzzzzzzz"}) == "64: unknown option --zzzzzzzzzz (--help lists them)");
    CHECK(problem_with({"--plug"}) == "64: unknown option --plug (--help lists them)");
    CHECK(problem_with({"-x"}).starts_with("64: unknown option -x"));
    CHECK(problem_with({"7678"}) == "64: unexpected argument \"7678\": porterd takes only options (--help)");
    CHECK(problem_with({"a\nb"}) == "64: unexpected argument \"a\\nb\": porterd takes only options (--help)");
    CHECK(problem_with({"--port"}) == "64: --port takes one value and may be given once: --port PORT");
    CHECK(problem_with({"--port="}).starts_with("64: --port"));
    CHECK(problem_with({"--port", ""}).starts_with("64: --port"));
    CHECK(problem_with({"--port", "1", "--port", "2"}) ==
          "64: --port takes one value and may be given once: --port PORT");
    CHECK(problem_with({"--strict-port=maybe"}) == "64: --strict-port: \"maybe\" is not on or off");
    CHECK(problem_with({"--log-file", ""}).starts_with("64: --log-file"));
}

TEST_CASE("the help names every option and every line fits a screen")
{
    auto const help = help_text();
    for (auto const& one : all_options()) {
        INFO(one.name);
        CHECK(help.find("--" + std::string{one.name}) != std::string::npos);
    }
    CHECK(help.find("examples:") != std::string::npos);
    CHECK(help.find(" \n") == std::string::npos);
    for (std::size_t begin = 0; begin < help.size();) {
        auto const end = help.find('\n', begin);
        CHECK(end - begin <= 100);
        begin = end + 1;
    }
}

TEST_CASE("the help states what each signal does")
{
    auto const help = help_text();
    for (auto const* words : {"SIGHUP reopens the log file", "TLS key and certificate", "SIGTERM and SIGINT stop"}) {
        CHECK(help.find(words) != std::string::npos);
    }
}

}  // namespace porter::detail::config
