#include "services/echo.hpp"

namespace porter::detail::services {

task<void> echo(connection& client)
{
    while (auto messages = co_await client.receive_some()) {
        for (auto const& message : *messages) client.queue(message);
    }
}

}  // namespace porter::detail::services
