#include <unistd.h>
#include <exception>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "config/environment.hpp"
#include "config/problem.hpp"
#include "config/resolve.hpp"
#include "porter/start_error.hpp"
#include "porter/version.hpp"
#include "programs/porterctl/command_line.hpp"
#include "store/sqlite/failure.hpp"
#include "terminal/process.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

namespace config = rooms::config;
using config::exit_code;

exit_code complain(exit_code exit, std::string const& line)
{
    rooms::terminal::write_all(STDERR_FILENO, "porterctl: " + rooms::base::escape(line) + '\n');
    return exit;
}

exit_code run(std::vector<std::string> arguments)
{
    auto const called = parse_porterctl(std::move(arguments));
    output out{called.json};
    if (called.help || called.version) {
        out.text(called.help ? *called.help : "porterctl " + std::string{version} + '\n');
        return exit_code::ok;
    }
    context given{.arguments = called.arguments,
                  .account = called.account,
                  .password_file = called.password_file,
                  .yes = called.yes,
                  .configuration = config::resolve(called.configuration, config::environment::of_process()),
                  .out = out};
    try {
        return called.what->run(given);
    } catch (rooms::store::sqlite::failure const& problem) {
        auto const file = given.file().string();
        if (problem.is_busy()) return complain(exit_code::try_again, file + " is locked by another program: try again");
        return complain(problem.is_bad_data() ? exit_code::bad_data : exit_code::io,
                        "cannot use " + file + ": " + problem.what());
    }
}

/// Runs, and turns what went wrong into one line and an exit code.
exit_code run_and_explain(std::vector<std::string> arguments)
{
    try {
        return run(std::move(arguments));
    } catch (config::problem const& error) {
        return complain(error.exit(), error.what());
    } catch (start_error const& error) {
        return complain(config::exit_code_of(error.why()), error.what());
    } catch (std::exception const& error) {
        return complain(exit_code::defect, error.what());
    }
}

}  // namespace

}  // namespace porter::programs

int main(int argc, char** argv)
{
    porter::rooms::terminal::prepare_process();
    return static_cast<int>(porter::programs::run_and_explain({argv + (argc > 0 ? 1 : 0), argv + argc}));
}
