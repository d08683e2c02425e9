#include "services/exec.hpp"

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/awaitable_operators.hpp"
#include "services/command_io.hpp"

namespace porter::detail::services {
namespace {

using namespace base::awaitable_operators;

/// What a command gets of porterd's environment, if it is set.
constexpr std::array inherited{"HOME", "LANG", "LC_ALL"};
constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";

std::vector<std::string> common_environment()
{
    auto const* const path = std::getenv("PATH");
    std::vector<std::string> variables{"PATH=" + std::string{path == nullptr ? default_path : path}};
    for (auto const* const name : inherited) {
        if (auto const* const value = std::getenv(name)) variables.push_back(std::string{name} + "=" + value);
    }
    return variables;
}

}  // namespace

exec::exec(exec_options options)
    : options_(std::move(options)), environment_(common_environment()), processes_(options_.max_processes)
{}

std::vector<std::string> exec::environment_of(connection const& client) const
{
    auto variables = environment_;
    auto const session = client.session();
    variables.push_back("PORTER_NAME=" + std::string{client.name()});
    variables.push_back("PORTER_ADDRESS=" + std::string{client.address()});
    variables.push_back("PORTER_SESSION=" + (session == 0 ? std::string{} : std::to_string(session)));
    return variables;
}

task<void> exec::serve(connection& client)
{
    auto slot = processes_.take_slot();
    if (!slot) {
        client.log().warn("command_refused", {{"limit", options_.max_processes}});
        client.close(code::unavailable, "too many commands run: try again later");
        co_return;
    }
    auto started = processes_.start(std::move(slot), options_.command, environment_of(client));
    if (!started) {
        client.log().error("command_failed", {{"why", base::system_message(started.error())}});
        client.close(code::unavailable, "the command could not be started: try again later");
        co_return;
    }
    client.end_on_reset();  // also while the command takes no input
    auto const executor = co_await asio::this_coro::executor;
    command_io io{client, processes_, std::move(*started), executor};
    auto output = io.send_output() && io.log_errors() && io.watch_exit();
    auto output_or_end = std::move(output) || io.write_input();
    co_await std::move(output_or_end);
    io.log_end();
    client.close(code::normal, "the command has exited");  // a client that has closed its side is told, too
}

}  // namespace porter::detail::services
