#include "client/session_line.hpp"

#include <array>

#include "base/number.hpp"
#include "client/line_parsing.hpp"
#include "porter/host_key_policy.hpp"

namespace porter::detail::client {

namespace {

constexpr std::size_t max_name = 512;  // bytes; more than the 64 code points of a valid name
constexpr std::string_view authority_prefix = ",authority=";

bool is_name(std::string_view text)
{
    bool const is_trimmed = trim_line(text) == text;  // reading a line trims it
    return !text.empty() && text.size() <= max_name && is_trimmed && is_printable(text);
}

}  // namespace

bool can_resume_at(server_identity const& saved, server_identity const& server)
{
    bool const is_same_endpoint =
        saved.host == server.host && saved.port == server.port && saved.transport == server.transport;
    if (!is_same_endpoint) return false;
    return saved.key == server.key || (!saved.authority.empty() && saved.authority == server.authority);
}

result<saved_session, std::string> parse_session_line(std::string_view line)
{
    line = trim_line(line);
    std::array<std::string_view, 6> fields;
    for (auto& field : fields) {
        field = take_field(line);
        if (!is_field(field)) return unexpected(std::string{"it has too few fields, or one that is not printable"});
    }
    auto const [host, port_text, transport, key, expiry_text, token] = fields;
    auto const port = base::parse_number<std::uint16_t>(port_text);
    if (!port || *port == 0) return unexpected(std::string{"its port is not a number from 1 to 65535"});
    auto const expiry = base::parse_number<std::int64_t>(expiry_text);
    if (!expiry || *expiry < 0) return unexpected(std::string{"its expiry is not a number of seconds"});
    if (!is_name(line)) return unexpected(std::string{"its name is missing, too long or not printable"});

    saved_session session;
    session.server =
        server_identity{std::string{host}, *port, std::string{transport}, std::string{key.substr(0, key.find(','))}};
    if (session.server.key.size() < key.size()) {
        auto const rest = key.substr(session.server.key.size());
        if (!rest.starts_with(authority_prefix) || !is_fingerprint(rest.substr(authority_prefix.size()))) {
            return unexpected(std::string{"the text after the comma in its fourth field is not an authority"});
        }
        session.server.authority = rest.substr(authority_prefix.size());
    }
    session.name = line;
    session.expires_at = base::timestamp{std::chrono::seconds{*expiry}};
    session.token = base::secret{token};
    return session;
}

std::string format_session_line(saved_session const& session)
{
    auto const token = session.token.view();
    auto const& server = session.server;
    if (!is_field(server.host) || !is_field(server.transport) || !is_field(server.key) || !is_field(token)) return {};
    if (server.port == 0 || !is_name(session.name) || session.expires_at.time_since_epoch().count() < 0) return {};

    auto const authority = server.authority.empty() ? std::string{} : std::string{authority_prefix} + server.authority;
    auto line = server.host + ' ' + std::to_string(server.port) + ' ' + server.transport + ' ' + server.key +
                authority + ' ' + std::to_string(session.expires_at.time_since_epoch().count()) + ' ';
    line += token;
    line += ' ';
    line += session.name;
    return line;
}

}  // namespace porter::detail::client
