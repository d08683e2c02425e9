#include <asio/io_context.hpp>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "base/standard_stream.hpp"
#include "base/text.hpp"
#include "config/command_line.hpp"
#include "config/environment.hpp"
#include "config/option_error.hpp"
#include "config/resolve.hpp"
#include "library/check.hpp"
#include "porter/server.hpp"
#include "porter/version.hpp"
#include "programs/porterd/announcement.hpp"
#include "programs/porterd/console.hpp"
#include "programs/porterd/running_service.hpp"
#include "programs/porterd/signals.hpp"
#include "terminal/port_file.hpp"
#include "terminal/process.hpp"

namespace porter::programs {
namespace {

namespace config = detail::config;
using config::exit_code;

/// Runs the server until a signal stops it.
exit_code serve(config::porterd_options& options)
{
    exit_on_termination();
    asio::io_context io{1};  // a hint: one thread runs it
    auto service = make_service(options);
    porter::server server{io, options.server, service.handler};
    std::optional<detail::terminal::port_file> file;
    auto const stop = [&] {
        file.reset();  // the port is about to close
        service.on_stop();
        server.stop();
    };
    auto const reopen = [&] {
        server.reopen_log();
        server.reload_certificate();
    };
    signals signal_handlers{io, stop, reopen};
    std::string stop_reason;
    server.on_failure([&](std::string const& reason) {
        stop_reason = reason;
        file.reset();
        service.on_stop();
        signal_handlers.set_stopping();
    });

    auto const endpoints = server.local_endpoints();
    if (!options.port_file.empty()) file.emplace(options.port_file, endpoints.front().port());
    for (auto const& each : server.warnings()) print_warning(each);
    // A log on the console reports the endpoints, too, unless its level is above info.
    if (!detail::base::standard_stream(options.server.log_file)) {
        print(listening_line(options, endpoints));
    } else if (options.server.log_level > log_level::info) {
        print_to_stderr(listening_line(options, endpoints));
    }
    if (is_on_terminal()) print(reach_lines(endpoints, server.key_fingerprint()));
    io.run();
    if (stop_reason.empty()) return exit_code::ok;
    print_error(stop_reason);
    return exit_code::io;
}

/// Prompts for the port if it is not given and a person can answer. False: end of input.
bool prompt_for_missing(config::porterd_options& options, std::vector<std::string> const& command)
{
    if (options.was_given("port") || options.no_input || !can_prompt()) return true;
    auto const port = ask_port(options.server.port);
    if (!port) return false;
    options.set_port(*port);
    print(command_without_prompts(command, *port));
    return true;
}

exit_code run(std::vector<std::string> const& command)
{
    auto const parsed = config::parse_command_line({command.begin() + 1, command.end()});
    if (parsed.help) {
        print(config::help_text());
        return exit_code::ok;
    }
    if (parsed.version) {
        print("porterd " + std::string{version} + '\n');
        return exit_code::ok;
    }
    auto const environment = config::environment::of_process();
    for (auto const& line : config::misspelt_variables(environment)) print_warning(line);
    auto options = config::resolve(parsed, environment);
    if (options.print_config) print(config::print_config(options));
    if (options.check) {
        auto const report = detail::library::check(options.server);
        for (auto const& each : report.warnings) print_warning(each);
        if (!options.port_file.empty()) {
            detail::terminal::port_file::check(options.port_file, options.server.data_dir);
        }
        for (auto const& each : report.database_lines) print("database: " + detail::base::escape(each) + '\n');
        print("configuration ok\n");
    }
    if (options.print_config || options.check) return exit_code::ok;
    if (!prompt_for_missing(options, command)) return exit_code::ok;
    return serve(options);
}

/// Prints an exception as one line and returns its exit code.
exit_code run_and_report(std::vector<std::string> const& command)
{
    try {
        return run(command);
    } catch (config::option_error const& error) {
        print_error(error.what());
        return error.exit();
    } catch (start_error const& error) {
        print_error(error.what());
        return config::exit_code_of(error.code());
    } catch (std::exception const& error) {
        print_error(error.what());
        return exit_code::defect;
    }
}

}  // namespace
}  // namespace porter::programs

int main(int argc, char** argv)
{
    porter::detail::terminal::prepare_process();
    porter::programs::ignore_hangups();
    std::vector<std::string> const command =
        argc > 0 ? std::vector<std::string>{argv, argv + argc} : std::vector<std::string>{"porterd"};
    return static_cast<int>(porter::programs::run_and_report(command));
}
