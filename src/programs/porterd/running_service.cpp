#include "programs/porterd/running_service.hpp"

#include "services/echo.hpp"

namespace porter::programs {

namespace services = detail::services;
using detail::config::service_kind;

running_service make_service(detail::config::porterd_options const& options)
{
    running_service made;
    switch (options.service.kind) {
        case service_kind::echo:
            made.handler = services::echo;
            break;
    }
    return made;
}

}  // namespace porter::programs
