#include "porter/saved_sessions.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "client/line_parsing.hpp"
#include "client/private_file.hpp"
#include "client/session_line.hpp"

namespace porter {

namespace {

namespace base = detail::base;
using namespace detail::client;

void wipe_all(std::vector<std::string>& lines)
{
    for (auto& line : lines) base::wipe(line);
}

}  // namespace

server_identity identity_of(client const& connection, std::string host, std::uint16_t port)
{
    auto const& key = connection.server_key();
    auto const transport = key.empty() ? transport::plain : transport::tls;
    return {base::lower(std::move(host)), port, transport, key, connection.server_authority()};
}

bool can_resume_at(server_identity const& saved, server_identity const& server)
{
    bool const is_same_endpoint =
        saved.host == server.host && saved.port == server.port && saved.transport == server.transport;
    if (!is_same_endpoint) return false;
    return saved.key == server.key || (!saved.authority.empty() && saved.authority == server.authority);
}

saved_sessions::saved_sessions(std::filesystem::path file, warning warn, clock now)
    : file_(std::move(file)), warn_(std::move(warn)), now_(std::move(now))
{
    if (!warn_) warn_ = [](std::string const&) {};
    if (!now_) now_ = [] { return base::system_clock{}.now(); };
}

std::optional<std::vector<std::string>> saved_sessions::read_lines() const
{
    auto contents = read_private_file(file_);
    if (!contents.problem.empty()) {
        warn_("saved sessions are not used: " + file_.string() + ": " + contents.problem);
        base::wipe(contents.text);
        return std::nullopt;
    }
    if (contents.was_readable) warn_(file_.string() + " was readable by others; its mode is now 0600");
    auto lines = split_lines(contents.text);
    base::wipe(contents.text);
    return lines;
}

bool saved_sessions::write_lines(std::vector<std::string>& lines) const
{
    std::string text;
    std::size_t size = 0;
    for (auto const& line : lines) size += line.size() + 1;
    text.reserve(size);  // a reallocation would leave copies of tokens
    for (auto const& line : lines) text.append(line).push_back('\n');
    auto const problem = replace_private_file(file_, text);
    base::wipe(text);
    wipe_all(lines);
    if (problem) warn_("cannot write " + file_.string() + ": " + *problem);
    return !problem;
}

std::optional<saved_session> saved_sessions::parse(std::string const& line, std::size_t number) const
{
    auto const trimmed = trim_line(line);
    if (trimmed.empty() || trimmed.front() == '#') return std::nullopt;
    auto parsed = parse_session_line(line);
    if (parsed) return std::move(*parsed);
    warn_(file_.string() + ":" + std::to_string(number) + " is not a saved session: " + parsed.error());
    return std::nullopt;
}

std::optional<saved_session> saved_sessions::find(server_identity const& server, std::string const& name,
                                                  std::vector<std::string>* other_names) const
{
    if (file_.empty()) return std::nullopt;
    auto const now = now_();
    auto lines = read_lines();
    if (!lines) return std::nullopt;
    std::optional<saved_session> found;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < lines->size(); ++i) {
        auto session = parse((*lines)[i], i + 1);
        if (!session || !can_resume_at(session->server, server) || session->expires_at <= now) continue;
        if (std::ranges::find(names, session->name) == names.end()) names.push_back(session->name);
        if (name.empty() || session->name == name) found = std::move(session);
    }
    if (found) std::erase(names, found->name);
    if (other_names != nullptr) *other_names = std::move(names);
    wipe_all(*lines);
    return found;
}

bool saved_sessions::save(saved_session const& session) const
{
    auto const warn_not_saved = [this](std::string const& reason) {
        warn_("the session is not saved: " + reason);
        return false;
    };
    if (file_.empty()) return warn_not_saved("neither HOME nor XDG_STATE_HOME is set");
    auto line = format_session_line(session);
    if (line.empty()) return warn_not_saved("its name or token is not allowed in the file");
    directory_lock const lock{file_.parent_path()};
    if (!lock.problem().empty()) return warn_not_saved(file_.parent_path().string() + ": " + lock.problem());
    auto lines = read_lines();
    if (!lines) return false;
    auto const now = now_();
    auto const outdated = [&](std::string const& old) {
        auto parsed = parse_session_line(old);
        if (!parsed) return false;
        return parsed->expires_at <= now ||
               (can_resume_at(parsed->server, session.server) && parsed->name == session.name);
    };
    std::erase_if(*lines, outdated);
    lines->push_back(std::move(line));
    return write_lines(*lines);
}

void saved_sessions::forget(server_identity const& server, std::string const& name) const
{
    if (file_.empty()) return;
    directory_lock const lock{file_.parent_path()};
    if (!lock.problem().empty()) return;  // no directory, so nothing was saved
    auto lines = read_lines();
    if (!lines) return;
    auto const matches = [&](std::string const& old) {
        auto parsed = parse_session_line(old);
        return parsed && can_resume_at(parsed->server, server) && parsed->name == name;
    };
    if (std::erase_if(*lines, matches) > 0) write_lines(*lines);
}

}  // namespace porter
