// porterd's command line and environment. Input: lines; NAME=VALUE lines before the first empty line are variables, the
// lines after it are arguments.
#include "fuzz/settings.hpp"

namespace porter::fuzzing {
namespace {

struct invocation {
    config::environment variables;
    std::vector<std::string> arguments;
};

invocation invocation_of(std::string_view input)
{
    std::map<std::string, std::string> variables{{"HOME", "/home/porter"}};
    invocation result;
    bool in_environment = true;
    for (auto& line : lines_of(input)) {
        line = line.substr(0, line.find('\0'));  // neither can contain a zero byte
        auto const equals = line.find('=');
        if (!in_environment) {
            result.arguments.push_back(line);
        } else if (equals != std::string::npos) {
            variables.insert_or_assign(line.substr(0, equals), line.substr(equals + 1));
        } else {
            in_environment = !line.empty();
        }
    }
    variables.erase("PORTERD_CONFIG");  // the fuzzer config_file tests that parser
    result.variables = config::environment{std::move(variables)};
    return result;
}

}  // namespace

void check(std::string_view input)
{
    auto const start = invocation_of(input);
    for (auto const& line : config::misspelt_variables(start.variables)) require_printable(line);
    try {
        auto line = config::parse_command_line(start.arguments);
        line.config_file.reset();
        auto const options = config::resolve(line, start.variables);
        require_same_when_printed(options);
    } catch (config::option_error const& error) {
        require_printable(error.what());
    }
}

}  // namespace porter::fuzzing
