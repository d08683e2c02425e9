#include "client/known_servers.hpp"

#include "client/line_parsing.hpp"
#include "client/private_file.hpp"

namespace porter::detail::client {

result<std::vector<std::string>, std::string> known_servers::read_lines() const
{
    if (file_.empty()) return std::vector<std::string>{};
    auto const contents = read_private_file(file_);
    if (!contents.problem.empty()) return unexpected(file_.string() + ": " + contents.problem);
    if (contents.was_readable && warn_) warn_(file_.string() + " was readable by others; its mode is now 0600");
    return split_lines(contents.text);
}

result<std::vector<known_servers::pin>, std::string> known_servers::parse(std::vector<std::string> const& lines,
                                                                          std::string const& server) const
{
    std::vector<pin> pins;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const line = trim_line(lines[i]);
        if (line.empty() || line.front() == '#') continue;
        auto const parsed = parse_known_server(line);
        if (parsed) {
            if (parsed->name == server) pins.push_back({parsed->fingerprint, i + 1});
            continue;
        }
        auto problem = file_.string() + ":" + std::to_string(i + 1) + " is invalid: " + parsed.error();
        if (may_concern(lines[i], server)) {
            return unexpected(problem + ". Correct or delete this line: it may name another key");
        }
        if (warn_) warn_(problem);
    }
    return pins;
}

result<std::vector<known_servers::pin>, std::string> known_servers::find(std::string const& server) const
{
    auto const lines = read_lines();
    if (!lines) return unexpected(lines.error());
    return parse(*lines, server);
}

std::optional<std::string> known_servers::add(known_server const& server) const
{
    if (file_.empty()) return "neither HOME nor XDG_STATE_HOME is set";
    auto line = format_known_server(server);
    if (line.empty()) return "a host of this name cannot be saved";
    directory_lock const lock{file_.parent_path()};
    if (!lock.problem().empty()) return file_.parent_path().string() + ": " + lock.problem();
    auto lines = read_lines();
    if (!lines) return lines.error();
    known_servers const silent{file_, {}};  // find() has reported the invalid lines
    auto const pins = silent.parse(*lines, server.name);
    if (!pins) return pins.error();
    for (auto const& known : *pins) {
        if (known.fingerprint == server.fingerprint) return std::nullopt;
    }
    if (!pins->empty()) return "another program has just saved another key for it: " + pins->front().fingerprint;
    std::string text;
    for (auto const& old : *lines) text += old + '\n';
    return replace_private_file(file_, text + line + '\n');
}

}  // namespace porter::detail::client
