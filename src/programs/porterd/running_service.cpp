#include "programs/porterd/running_service.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "library/descriptor_limit.hpp"
#include "porter/start_error.hpp"
#include "services/chat.hpp"
#include "services/echo.hpp"
#include "services/exec.hpp"
#include "services/forward.hpp"

namespace porter::programs {
namespace {

namespace config = detail::config;
namespace services = detail::services;
using detail::config::porterd_options;
using detail::config::service_kind;

/// Texts that may wait for a member that is slow for a moment. All members share them, so this is not memory of each.
constexpr std::size_t waiting_texts = 8;

running_service make_chat(porterd_options& options)
{
    auto& server = options.server;
    server.max_outbox = std::max(server.max_outbox, waiting_texts * server.max_frame);
    auto const chat = std::make_shared<services::chat>();
    running_service made;
    made.handler = [chat](connection& client) { return chat->serve(client); };
    made.on_stop = [chat] { chat->stop(); };
    return made;
}

running_service make_exec(porterd_options& options)
{
    auto& server = options.server;
    server.service_descriptors = services::process_pool::descriptors_of_process;
    server.max_service_descriptors = services::process_pool::descriptors_of_process * options.max_processes;
    services::exec_options chosen;
    chosen.command = options.service.argument;
    // A process that is being ended keeps its descriptors when its connection has gone: it counts for this limit.
    auto const connections = detail::library::connections_within_limit(server);
    chosen.max_processes = std::min(options.max_processes, connections.value_or(options.max_processes));
    try {
        auto const exec = std::make_shared<services::exec>(std::move(chosen));
        running_service made;
        made.handler = [exec](connection& client) { return exec->serve(client); };
        return made;
    } catch (std::system_error const& error) {
        throw start_error(start_errc::io, std::string{"cannot run commands: "} + error.what());
    }
}

running_service make_forward(porterd_options& options)
{
    auto const target = config::forward_target::parse(options.service.argument);
    if (!target) throw start_error{start_errc::configuration, "service: " + target.error()};
    services::forward_options forward;
    forward.upstream = {target->host, target->port, target->path};
    forward.sends_proxy_header = options.forward_identity == config::forward_identity::proxy_v2;
    options.server.service_descriptors = 1;  // the upstream connection
    running_service made;
    made.handler = services::forward{std::move(forward)};
    return made;
}

}  // namespace

running_service make_service(porterd_options& options)
{
    switch (options.service.kind) {
        case service_kind::echo:
            break;
        case service_kind::chat:
            return make_chat(options);
        case service_kind::exec:
            return make_exec(options);
        case service_kind::forward:
            return make_forward(options);
    }
    running_service made;
    made.handler = services::echo;
    return made;
}

}  // namespace porter::programs
