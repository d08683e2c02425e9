#include "programs/porterd/announcement.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "base/standard_stream.hpp"
#include "base/text.hpp"
#include "config/bind.hpp"
#include "porter/version.hpp"
#include "programs/porterd/console.hpp"

namespace porter::programs {

using asio::ip::tcp;

std::string listening_line(detail::config::porterd_options const& options, std::vector<tcp::endpoint> const& endpoints,
                           bool has_own_port)
{
    std::ostringstream line;
    line << "porterd " << version << " listening on ";
    for (auto const& endpoint : endpoints) line << (&endpoint == &endpoints.front() ? "" : ", ") << endpoint;
    auto const wanted = options.server.port;
    if (has_own_port && wanted != 0 && endpoints.front().port() != wanted) line << " (" << wanted << " was taken)";
    auto const& log = options.server.log_file;
    auto const shown = detail::base::standard_stream(log) ? log : std::filesystem::absolute(log);
    line << ", log " << detail::base::escape(shown.string()) << '\n';
    return line.str();
}

std::string reach_lines(std::vector<tcp::endpoint> const& endpoints, std::string const& fingerprint)
{
    auto const is_local = [](tcp::endpoint const& endpoint) {
        return detail::config::is_loopback(endpoint.address().to_string());
    };
    bool const is_local_only = std::ranges::all_of(endpoints, is_local);
    if (fingerprint.empty()) {
        return is_local_only
                   ? "Only this machine can reach it; --bind :: opens it to the network. Nothing is encrypted "
                     "(--tls off).\n"
                   : "Other machines can reach it. Nothing is encrypted (--tls off): passwords can be read on "
                     "the network.\n";
    }
    auto const reach = is_local_only ? "Only this machine can reach it; --bind :: opens it to the network, over TLS.\n"
                                     : "Other machines can reach it, over TLS.\n";
    return "Its key is " + fingerprint + '\n' + reach;
}

std::string command_without_prompts(std::vector<std::string> const& command, std::uint16_t port)
{
    std::string line = "Without the question: ";
    line += shell_word(command.front());
    line += " --port " + std::to_string(port);  // first, because an argument after "--" is not an option
    for (auto argument = command.begin() + 1; argument != command.end(); ++argument)
        line += ' ' + shell_word(*argument);
    return line + '\n';
}

}  // namespace porter::programs
