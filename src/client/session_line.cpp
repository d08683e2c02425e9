#include "client/session_line.hpp"

#include <array>

#include "client/fields.hpp"
#include "porter/host_key_policy.hpp"

namespace porter::detail::client {

namespace {

constexpr std::size_t longest_name = 512;  // 64 code points, generously

constexpr std::string_view authority_mark = ",authority=";

bool is_name(std::string_view text)
{
    bool const is_trimmed = trim_line(text) == text;  // a line loses the blanks at its end
    return !text.empty() && text.size() <= longest_name && is_trimmed && is_printed(text);
}

}  // namespace

bool can_resume_at(server_place const& kept, server_place const& server)
{
    bool const is_same_endpoint =
        kept.host == server.host && kept.port == server.port && kept.transport == server.transport;
    if (!is_same_endpoint) return false;
    return kept.key == server.key || (!kept.authority.empty() && kept.authority == server.authority);
}

result<saved_session, std::string> parse_session_line(std::string_view line)
{
    line = trim_line(line);
    std::array<std::string_view, 6> words;
    for (auto& word : words) {
        word = take_field(line);
        if (!is_field(word))
            return unexpected(std::string{"it has too few fields, or one that is empty or unprintable"});
    }
    auto const [host, port_text, transport, key, expiry_text, token] = words;
    auto const port = parse_number<std::uint16_t>(port_text);
    if (!port || *port == 0) return unexpected(std::string{"its port is not a number from 1 to 65535"});
    auto const expiry = parse_number<std::int64_t>(expiry_text);
    if (!expiry || *expiry < 0) return unexpected(std::string{"its time is not a number of seconds"});
    if (!is_name(line)) return unexpected(std::string{"its name is missing, too long or unprintable"});

    saved_session session;
    session.server =
        server_place{std::string{host}, *port, std::string{transport}, std::string{key.substr(0, key.find(','))}};
    if (session.server.key.size() < key.size()) {
        auto const rest = key.substr(session.server.key.size());
        if (!rest.starts_with(authority_mark) || !is_fingerprint(rest.substr(authority_mark.size()))) {
            return unexpected(std::string{"what follows the comma behind its key is no authority"});
        }
        session.server.authority = rest.substr(authority_mark.size());
    }
    session.name = line;
    session.expires_at = base::timestamp{std::chrono::seconds{*expiry}};
    session.token = base::secret{token};
    return session;
}

std::string format_session_line(saved_session const& session)
{
    auto const token = session.token.view();
    auto const& at = session.server;
    if (!is_field(at.host) || !is_field(at.transport) || !is_field(at.key) || !is_field(token)) return {};
    if (at.port == 0 || !is_name(session.name) || session.expires_at.time_since_epoch().count() < 0) return {};

    auto const authority = at.authority.empty() ? std::string{} : std::string{authority_mark} + at.authority;
    auto line = at.host + ' ' + std::to_string(at.port) + ' ' + at.transport + ' ' + at.key + authority + ' ' +
                std::to_string(session.expires_at.time_since_epoch().count()) + ' ';
    line += token;
    line += ' ';
    line += session.name;
    return line;
}

}  // namespace porter::detail::client
