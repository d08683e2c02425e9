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
#include "control/control_client.hpp"
#include "porter/start_error.hpp"
#include "porter/version.hpp"
#include "programs/porterctl/command_line.hpp"
#include "programs/porterctl/owner.hpp"
#include "store/administration_error.hpp"
#include "terminal/password_file.hpp"
#include "terminal/process.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

namespace config = detail::config;
namespace control = detail::control;
namespace store = detail::store;
using config::exit_code;

exit_code report_error(exit_code exit, std::string const& line)
{
    detail::terminal::write_all(STDERR_FILENO, "porterctl: " + detail::base::escape(line) + '\n');
    return exit;
}

exit_code exit_code_of(store::administration_errc problem)
{
    using enum store::administration_errc;
    switch (problem) {
        case unavailable:
            return exit_code::temporary_failure;
        case bad_data:
            return exit_code::bad_data;
        case io:
            break;
    }
    return exit_code::io;
}

exit_code exit_code_of(control::control_errc problem)
{
    using enum control::control_errc;
    switch (problem) {
        case unreachable:
            return exit_code::unreachable;
        case protocol:
            return exit_code::protocol;
        case rejected:
            break;
    }
    return exit_code::usage;
}

/// Reads --password-file as the calling user: only root may be able to read it.
std::optional<detail::base::secret> password_of(invocation const& parsed, output& out)
{
    if (parsed.password_file.empty()) return std::nullopt;
    auto password =
        detail::terminal::read_password_file(parsed.password_file, [&out](std::string const& line) { out.note(line); });
    if (!password) throw password.error();
    return std::move(*password);
}

/// Extends the error with a note that porterctl runs as the owner of the database, which cannot access root's files.
/// `has_url`: it also connects to a server, with files that libpq reads.
[[noreturn]] void rethrow_with_owner(start_error const& error, std::string const& owner, bool has_url)
{
    bool const is_of_file = error.code() == start_errc::io || error.code() == start_errc::cannot_create;
    bool const is_of_login = has_url && error.code() == start_errc::configuration;
    if (!is_of_file && !is_of_login) throw error;
    auto const remedy = is_of_file ? "name a file that " + owner + " can access"
                                   : "PGPASSFILE and the files in the URL must be readable by " + owner;
    throw start_error{error.code(), std::string{error.what()} + " (porterctl acts as " + owner +
                                        ", the owner of the database: " + remedy + ")"};
}

exit_code run_as_owner(command const& entry, context& ctx)
{
    if (entry.is_of_server || is_database_url(ctx.database())) return entry.run(ctx);
    auto const owner = become_owner(ctx.file());
    try {
        return entry.run(ctx);
    } catch (start_error const& error) {
        if (owner) rethrow_with_owner(error, *owner, !ctx.to.empty());
        throw;
    }
}

exit_code run(std::vector<std::string> arguments)
{
    auto const parsed = parse_porterctl(std::move(arguments));
    output out{parsed.json};
    if (parsed.help || parsed.version) {
        out.text(parsed.help ? *parsed.help : "porterctl " + std::string{version} + '\n');
        return exit_code::ok;
    }
    context ctx{.arguments = parsed.arguments,
                .account = parsed.account,
                .address = parsed.address,
                .password = password_of(parsed, out),
                .to = parsed.to,
                .yes = parsed.yes,
                .remove = parsed.remove,
                .dry_run = parsed.dry_run,
                .with_password_hashes = parsed.with_password_hashes,
                .since = parsed.since,
                .duration = parsed.duration,
                .tls_key = parsed.tls_key,
                .reason = parsed.reason,
                .uses = parsed.uses,
                .name = parsed.name,
                .silent = parsed.silent,
                .interval = parsed.interval,
                .configuration = config::resolve(parsed.configuration, config::environment::of_process(),
                                                 config::purpose::administration),
                .out = out,
                .user = calling_user()};
    return run_as_owner(*parsed.command, ctx);
}

/// Reports an exception as one line and an exit code.
exit_code run_and_report(std::vector<std::string> arguments)
{
    try {
        return run(std::move(arguments));
    } catch (config::option_error const& error) {
        return report_error(error.exit(), error.what());
    } catch (start_error const& error) {
        return report_error(config::exit_code_of(error.code()), error.what());
    } catch (store::administration_error const& error) {
        return report_error(exit_code_of(error.code()), error.what());
    } catch (control::control_error const& error) {
        return report_error(exit_code_of(error.code()), error.what());
    } catch (std::exception const& error) {
        return report_error(exit_code::defect, error.what());
    }
}

}  // namespace

}  // namespace porter::programs

int main(int argc, char** argv)
{
    porter::detail::terminal::prepare_process();
    return static_cast<int>(porter::programs::run_and_report({argv + (argc > 0 ? 1 : 0), argv + argc}));
}
