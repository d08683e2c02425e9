#include "programs/porterd/port_question.hpp"

#include <unistd.h>

#include <string>

#include "config/values.hpp"
#include "programs/porterd/console.hpp"
#include "terminal/prompts.hpp"

namespace porter::programs {

std::optional<std::uint16_t> ask_port(std::uint16_t usual)
{
    for (;;) {
        auto const line = detail::terminal::ask(STDOUT_FILENO, "Port [" + std::to_string(usual) + "]: ");
        if (!line) return std::nullopt;
        if (line->empty()) return usual;
        auto const port = detail::config::parse_port(*line);
        if (port) return *port;
        say(port.error() + '\n');
    }
}

}  // namespace porter::programs
