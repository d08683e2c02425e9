// porterd's command line and environment. Input: a line each; those like NAME=VALUE before the first empty line are
// variables, the rest are arguments.
#include "fuzz/settings.hpp"

namespace porter::fuzzing {
namespace {

struct start {
    config::environment variables;
    std::vector<std::string> arguments;
};

start start_of(std::string_view input)
{
    std::map<std::string, std::string> variables{{"HOME", "/home/porter"}};
    start made;
    bool in_environment = true;
    for (auto& line : lines_of(input)) {
        line = line.substr(0, line.find('\0'));  // neither can hold a zero
        auto const equals = line.find('=');
        if (!in_environment) {
            made.arguments.push_back(line);
        } else if (equals != std::string::npos) {
            variables.insert_or_assign(line.substr(0, equals), line.substr(equals + 1));
        } else {
            in_environment = !line.empty();
        }
    }
    variables.erase("PORTERD_CONFIG");  // another parser's input
    made.variables = config::environment{std::move(variables)};
    return made;
}

}  // namespace

void check(std::string_view input)
{
    auto const given = start_of(input);
    for (auto const& line : config::misspelt_variables(given.variables)) require_printable(line);
    try {
        auto line = config::parse_command_line(given.arguments);
        line.config_file.reset();
        auto const options = config::resolve(line, given.variables);
        require_same_when_printed(options);
    } catch (config::option_error const& error) {
        require_printable(error.what());
    }
}

}  // namespace porter::fuzzing
