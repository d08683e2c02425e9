#include <unistd.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/environment.hpp"
#include "config/option_error.hpp"
#include "config/resolve.hpp"
#include "porter/start_error.hpp"
#include "porter/version.hpp"
#include "programs/porterctl/command_line.hpp"
#include "programs/porterctl/owner.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "terminal/password_file.hpp"
#include "terminal/process.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

namespace config = detail::config;
using config::exit_code;

exit_code complain(exit_code exit, std::string const& line)
{
    detail::terminal::write_all(STDERR_FILENO, "porterctl: " + detail::base::escape(line) + '\n');
    return exit;
}

/// Of --password-file, by the user that called: it may be root's alone.
std::optional<detail::base::secret> password_of(invocation const& called, output& out)
{
    if (called.password_file.empty()) return std::nullopt;
    auto read =
        detail::terminal::read_password_file(called.password_file, [&out](std::string const& line) { out.note(line); });
    if (!read) throw read.error();
    return std::move(*read);
}

/// Root's own files are out of reach then, which would puzzle root.
[[noreturn]] void rethrow_with_owner(start_error const& error, std::string const& owner)
{
    if (error.code() != start_errc::io && error.code() != start_errc::cannot_create) throw error;
    throw start_error{error.code(), std::string{error.what()} + " (porterctl acts as " + owner +
                                        ", who owns the database: name a file that " + owner + " can reach)"};
}

exit_code run_as_owner(command const& what, context& given)
{
    auto const owner = become_owner(given.file());
    try {
        return what.run(given);
    } catch (start_error const& error) {
        if (owner) rethrow_with_owner(error, *owner);
        throw;
    }
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
                  .password = password_of(called, out),
                  .yes = called.yes,
                  .configuration = config::resolve(called.configuration, config::environment::of_process()),
                  .out = out};
    try {
        return run_as_owner(*called.what, given);
    } catch (detail::store::sqlite::error const& problem) {
        auto const file = given.file().string();
        if (problem.is_busy())
            return complain(exit_code::temporary_failure, file + " is locked by another program: try again");
        return complain(problem.is_bad_data() ? exit_code::bad_data : exit_code::io,
                        "cannot use " + file + ": " + problem.what());
    }
}

/// Runs, and turns what went wrong into one line and an exit code.
exit_code run_and_explain(std::vector<std::string> arguments)
{
    try {
        return run(std::move(arguments));
    } catch (config::option_error const& error) {
        return complain(error.exit(), error.what());
    } catch (start_error const& error) {
        return complain(config::exit_code_of(error.code()), error.what());
    } catch (std::exception const& error) {
        return complain(exit_code::defect, error.what());
    }
}

}  // namespace

}  // namespace porter::programs

int main(int argc, char** argv)
{
    porter::detail::terminal::prepare_process();
    return static_cast<int>(porter::programs::run_and_explain({argv + (argc > 0 ? 1 : 0), argv + argc}));
}
