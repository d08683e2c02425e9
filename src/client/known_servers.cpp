#include "client/known_servers.hpp"

#include "client/fields.hpp"
#include "client/private_file.hpp"

namespace porter::detail::client {

std::filesystem::path known_servers::default_file()
{
    return state_file("known_servers");
}

result<std::vector<std::string>, std::string> known_servers::read_lines() const
{
    if (file_.empty()) return std::vector<std::string>{};
    auto const read = read_private_file(file_);
    if (!read.problem.empty()) return unexpected(file_.string() + ": " + read.problem);
    if (read.was_open && warn_) warn_(file_.string() + " was open to others; it is private (0600) again");
    return split_lines(read.text);
}

result<std::vector<known_servers::pin>, std::string> known_servers::pins_in(std::vector<std::string> const& lines,
                                                                            std::string const& where) const
{
    std::vector<pin> pins;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const line = trim_line(lines[i]);
        if (line.empty() || line.front() == '#') continue;
        auto const parsed = parse_known_server(line);
        if (parsed) {
            if (parsed->place == where) pins.push_back({parsed->fingerprint, i + 1});
            continue;
        }
        auto problem = file_.string() + ":" + std::to_string(i + 1) + " names no server's key: " + parsed.error();
        if (may_concern(lines[i], where))
            return unexpected(problem + ". Mend or delete that line: it may be another key");
        if (warn_) warn_(problem);
    }
    return pins;
}

result<std::vector<known_servers::pin>, std::string> known_servers::find(std::string const& where) const
{
    auto const lines = read_lines();
    if (!lines) return unexpected(lines.error());
    return pins_in(*lines, where);
}

std::optional<std::string> known_servers::add(known_server const& server) const
{
    if (file_.empty()) return "there is no place to keep its key: neither HOME nor XDG_STATE_HOME is set";
    auto line = format_known_server(server);
    if (line.empty()) return "a host of this name cannot be kept";
    directory_lock const lock{file_.parent_path()};
    if (!lock.problem().empty()) return file_.parent_path().string() + ": " + lock.problem();
    auto lines = read_lines();
    if (!lines) return lines.error();
    known_servers const quiet{file_, {}};  // whoever looked before has told what is wrong with other lines
    auto const pins = quiet.pins_in(*lines, server.place);
    if (!pins) return pins.error();
    for (auto const& known : *pins) {
        if (known.fingerprint == server.fingerprint) return std::nullopt;
    }
    if (!pins->empty()) return "another program has just met another key there: " + pins->front().fingerprint;
    std::string text;
    for (auto const& kept : *lines) text += kept + '\n';
    return replace_private_file(file_, text + line + '\n');
}

}  // namespace porter::detail::client
