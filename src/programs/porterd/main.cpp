#include <unistd.h>

#include <asio/io_context.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/standard_stream.hpp"
#include "base/text.hpp"
#include "config/command_line.hpp"
#include "config/environment.hpp"
#include "config/option.hpp"
#include "config/option_error.hpp"
#include "config/resolve.hpp"
#include "library/check.hpp"
#include "porter/server.hpp"
#include "porter/version.hpp"
#include "programs/porterd/announcement.hpp"
#include "programs/porterd/console.hpp"
#include "programs/porterd/monitoring.hpp"
#include "programs/porterd/reloader.hpp"
#include "programs/porterd/running_service.hpp"
#include "programs/porterd/service_state.hpp"
#include "programs/porterd/signals.hpp"
#include "service_manager/activation.hpp"
#include "service_manager/notifier.hpp"
#include "terminal/port_file.hpp"
#include "terminal/process.hpp"

namespace porter::programs {
namespace {

namespace config = detail::config;
namespace service_manager = detail::service_manager;
using config::exit_code;

/// What a start of porterd has to go on.
struct inputs {
    config::command_line line;
    config::environment variables;
    service_manager::variables activation;
};

/// The value, or exit code 78 with the error.
template <typename T>
T valid(result<T, std::string> value)
{
    if (!value) throw config::option_error{exit_code::bad_configuration, value.error()};
    return std::move(*value);
}

/// Prints where the server listens, on stdout or, if that has the log, on stderr.
void announce(config::porterd_options const& options, server const& server, bool has_own_port)
{
    for (auto const& each : server.warnings()) print_warning(each);
    auto const endpoints = server.local_endpoints();
    auto const line = listening_line(options, endpoints, has_own_port);
    // A log on the console reports the endpoints, too, unless its level is above info.
    if (!detail::base::standard_stream(options.server.log_file)) {
        print(line);
    } else if (options.server.log_level > log_level::info) {
        print_to_stderr(line);
    }
    if (is_on_terminal()) print(reach_lines(endpoints, server.key_fingerprint()));
}

/// Runs the server until a signal stops it.
exit_code serve(inputs const& given, config::porterd_options& options, std::vector<int> listeners)
{
    exit_on_termination();
    auto notifier = service_manager::notifier::of_process();
    if (!notifier) print_warning(notifier.error());  // a variable of another program must not prevent a start
    auto const watchdog = valid(service_manager::watchdog_time(given.activation, ::getpid()));
    asio::io_context io{1};  // a hint: one thread runs it
    service_state state{io, notifier ? std::move(*notifier) : service_manager::notifier{}, watchdog};
    auto service = make_service(options);
    bool const has_own_port = listeners.empty();
    server_parts parts;
    parts.listeners = std::move(listeners);
    porter::server server{io, options.server, service.handler, std::move(parts)};
    reloader reloading{given.line, given.variables, options, server};
    auto const monitoring = start_monitoring(options, server);
    std::optional<detail::terminal::port_file> file;
    auto const stop = [&] {
        file.reset();  // the port is about to close
        service.on_stop();
        server.stop();
        state.stopping();
    };
    auto const reload = [&] {
        state.reloading();
        server.reopen_log();
        reloading.reload();
        server.reload_certificate();
        state.reloaded();
    };
    signals signal_handlers{io, stop, reload};
    std::string stop_reason;
    server.on_failure([&](std::string const& reason) {
        stop_reason = reason;
        file.reset();
        service.on_stop();
        signal_handlers.set_stopping();
        state.stopping();
    });

    if (!options.port_file.empty()) file.emplace(options.port_file, server.local_endpoint().port());
    announce(options, server, has_own_port);
    state.ready(server);
    io.run();
    if (stop_reason.empty()) return exit_code::ok;
    print_error(stop_reason);
    return exit_code::io;
}

/// Prompts for the port if it is not given and a person can answer; the answer counts as an argument. False: end of
/// input.
bool prompt_for_missing(config::porterd_options& options, config::command_line& line,
                        std::vector<std::string> const& command)
{
    if (options.was_given("port") || options.no_input || !can_prompt()) return true;
    auto const port = ask_port(options.server.port);
    if (!port) return false;
    options.set_port(*port);
    line.settings.push_back({config::find_option("port"), {std::to_string(*port)}, {}});
    print(command_without_prompts(command, *port));
    return true;
}

exit_code run(std::vector<std::string> const& command)
{
    inputs given{config::parse_command_line({command.begin() + 1, command.end()}), config::environment::of_process(),
                 service_manager::take_variables()};
    if (given.line.help) {
        print(config::help_text());
        return exit_code::ok;
    }
    if (given.line.version) {
        print("porterd " + std::string{version} + '\n');
        return exit_code::ok;
    }
    for (auto const& line : config::misspelt_variables(given.variables)) print_warning(line);
    auto options = config::resolve(given.line, given.variables);
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
    auto listeners = valid(service_manager::inherited_descriptors(given.activation, ::getpid()));
    bool const needs_port = listeners.empty();
    if (needs_port && !prompt_for_missing(options, given.line, command)) return exit_code::ok;
    return serve(given, options, std::move(listeners));
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
