#include "programs/porterd/running_service.hpp"

#include <utility>

#include "porter/start_error.hpp"
#include "services/echo.hpp"
#include "services/forward.hpp"

namespace porter::programs {

namespace config = detail::config;
namespace services = detail::services;
using detail::config::service_kind;

namespace {

porter::service make_forward(config::porterd_options const& options)
{
    auto const target = config::forward_target::parse(options.service.argument);
    if (!target) throw start_error{start_errc::configuration, "service: " + target.error()};
    services::forward_options forward;
    forward.upstream = {target->host, target->port, target->path};
    forward.sends_proxy_header = options.forward_identity == config::forward_identity::proxy_v2;
    return services::forward{std::move(forward)};
}

}  // namespace

running_service make_service(detail::config::porterd_options const& options)
{
    running_service made;
    switch (options.service.kind) {
        case service_kind::echo:
            made.handler = services::echo;
            break;
        case service_kind::forward:
            made.handler = make_forward(options);
            break;
    }
    return made;
}

}  // namespace porter::programs
