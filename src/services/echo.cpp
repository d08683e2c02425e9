#include "services/echo.hpp"

namespace porter::rooms::services {

task<void> echo(connection& client)
{
    while (auto messages = co_await client.receive_some()) {
        for (auto const& message : *messages) client.reply(message);
    }
}

}  // namespace porter::rooms::services
