#include <asio/io_context.hpp>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "base/standard_stream.hpp"
#include "config/command_line.hpp"
#include "config/environment.hpp"
#include "config/option_error.hpp"
#include "config/resolve.hpp"
#include "porter/server.hpp"
#include "porter/version.hpp"
#include "programs/porterd/announcement.hpp"
#include "programs/porterd/console.hpp"
#include "programs/porterd/port_file.hpp"
#include "programs/porterd/port_question.hpp"
#include "programs/porterd/signals.hpp"
#include "terminal/process.hpp"

namespace porter::programs {
namespace {

namespace config = detail::config;
using config::exit_code;

/// Listens and serves until a signal stops it.
exit_code serve(config::porterd_options const& options)
{
    asio::io_context io{1};  // a hint: one thread runs it
    server door{io, options.server};
    std::optional<port_file> file;
    auto const stop = [&] {
        file.reset();  // it listens no more
        door.stop();
    };
    auto const reopen = [&] {
        door.reopen_log();
        door.reload_certificate();
    };
    signals handled{io, stop, reopen};
    std::string failure;
    door.on_failure([&](std::string const& reason) {
        failure = reason;
        file.reset();
        handled.stopping();
    });

    auto const endpoints = door.local_endpoints();
    if (!options.port_file.empty()) file.emplace(options.port_file, endpoints.front().port());
    for (auto const& each : door.warnings()) warn(each);
    // A log on the console reports the endpoints, too, unless its level is above info.
    if (!detail::base::standard_stream(options.server.log_file)) {
        say(listening_line(options, endpoints));
    } else if (options.server.log_level > log_level::info) {
        say_beside_log(listening_line(options, endpoints));
    }
    if (is_on_terminal()) say(reach_lines(endpoints, door.key_fingerprint()));
    io.run();
    if (failure.empty()) return exit_code::ok;
    complain(failure);
    return exit_code::io;
}

/// Asks what is missing and can be asked. False: the person left.
bool complete(config::porterd_options& options, std::vector<std::string> const& command)
{
    if (options.was_given("port") || options.no_input || !can_ask()) return true;
    auto const port = ask_port(options.server.port);
    if (!port) return false;
    options.set_port(*port);
    say(command_without_questions(command, *port));
    return true;
}

exit_code run(std::vector<std::string> const& command)
{
    auto const line = config::parse_command_line({command.begin() + 1, command.end()});
    if (line.help) {
        say(config::help_text());
        return exit_code::ok;
    }
    if (line.version) {
        say("porterd " + std::string{version} + '\n');
        return exit_code::ok;
    }
    auto const environment = config::environment::of_process();
    for (auto const& doubt : config::misspelt_variables(environment)) warn(doubt);
    auto options = config::resolve(line, environment);
    if (options.print_config) say(config::print_config(options));
    if (options.check) {
        for (auto const& each : check(options.server)) warn(each);
        if (!options.port_file.empty()) port_file::check(options.port_file, options.server.data_dir);
        say("configuration ok\n");
    }
    if (options.print_config || options.check) return exit_code::ok;
    if (!complete(options, command)) return exit_code::ok;
    return serve(options);
}

/// Runs, and turns what went wrong into one line and an exit code.
exit_code run_and_explain(std::vector<std::string> const& command)
{
    try {
        return run(command);
    } catch (config::option_error const& error) {
        complain(error.what());
        return error.exit();
    } catch (start_error const& error) {
        complain(error.what());
        return config::exit_code_of(error.code());
    } catch (std::exception const& error) {
        complain(error.what());
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
    return static_cast<int>(porter::programs::run_and_explain(command));
}
