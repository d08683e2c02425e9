#include "programs/porterd/announcement.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "base/text.hpp"
#include "config/bind.hpp"
#include "porter/version.hpp"
#include "programs/porterd/console.hpp"

namespace porter::programs {

using asio::ip::tcp;

std::string listening_line(rooms::config::porterd_options const& options, std::vector<tcp::endpoint> const& endpoints)
{
    std::ostringstream line;
    line << "porterd " << version << " listening on ";
    for (auto const& endpoint : endpoints) line << (&endpoint == &endpoints.front() ? "" : ", ") << endpoint;
    auto const wanted = options.server.port;
    if (wanted != 0 && endpoints.front().port() != wanted) line << " (" << wanted << " was taken)";
    line << ", log " << rooms::base::escape(std::filesystem::absolute(options.server.log_file).string()) << '\n';
    return line.str();
}

std::string reach_line(std::vector<tcp::endpoint> const& endpoints)
{
    auto const is_local = [](tcp::endpoint const& endpoint) {
        return rooms::config::is_loopback(endpoint.address().to_string());
    };
    if (std::ranges::all_of(endpoints, is_local)) {
        return "Only this machine can reach it; --bind :: --tls off opens it to the network, unencrypted.\n";
    }
    return "Other machines can reach it; nothing is encrypted (--tls off): passwords can be read on the way.\n";
}

std::string command_without_questions(std::vector<std::string> const& command, std::uint16_t port)
{
    std::string line = "Without the question: ";
    line += shell_word(command.front());
    line += " --port " + std::to_string(port);  // at the front: behind a "--" it would be no option
    for (auto argument = command.begin() + 1; argument != command.end(); ++argument)
        line += ' ' + shell_word(*argument);
    return line + '\n';
}

}  // namespace porter::programs
