#include "client/session_line.hpp"

#include <array>

#include "base/clock.hpp"
#include "base/number.hpp"
#include "client/line_parsing.hpp"
#include "porter/host_key_policy.hpp"

namespace porter::detail::client {

namespace {

constexpr std::size_t max_name = 512;  // bytes; more than the 64 code points of a valid name
constexpr std::string_view authority_prefix = ",authority=";
constexpr std::string_view tls_name = "tls";
constexpr std::string_view plain_name = "plain";
constexpr std::string_view no_key = "-";

bool is_name(std::string_view text)
{
    bool const is_trimmed = trim_line(text) == text;  // reading a line trims it
    return !text.empty() && text.size() <= max_name && is_trimmed && is_printable(text);
}

/// Whether a key would be read as none, or as a key with an authority.
bool is_ambiguous(std::string_view key)
{
    return key == no_key || key.find(',') != std::string_view::npos;
}

}  // namespace

result<saved_session, std::string> parse_session_line(std::string_view line)
{
    line = trim_line(line);
    std::array<std::string_view, 6> fields;
    for (auto& field : fields) {
        field = take_field(line);
        if (!is_field(field)) return unexpected(std::string{"it has too few fields, or one that is not printable"});
    }
    auto const [host, port_text, transport_text, key, expiry_text, token] = fields;
    auto const port = base::parse_number<std::uint16_t>(port_text);
    if (!port || *port == 0) return unexpected(std::string{"its port is not a number from 1 to 65535"});
    bool const is_tls = transport_text == tls_name;
    if (!is_tls && transport_text != plain_name) return unexpected(std::string{"its transport is not plain or tls"});
    auto const expiry = base::parse_number<std::int64_t>(expiry_text);
    if (!expiry || *expiry < 0) return unexpected(std::string{"its expiry is not a number of seconds"});
    if (!is_name(line)) return unexpected(std::string{"its name is missing, too long or not printable"});

    saved_session session;
    auto const server_key = key.substr(0, key.find(','));
    session.server.host = host;
    session.server.port = *port;
    session.server.transport = is_tls ? transport::tls : transport::plain;
    if (server_key != no_key) session.server.key = server_key;
    if (server_key.size() < key.size()) {
        auto const rest = key.substr(server_key.size());
        if (!rest.starts_with(authority_prefix) || !is_fingerprint(rest.substr(authority_prefix.size()))) {
            return unexpected(std::string{"the text after the comma in its fourth field is not an authority"});
        }
        session.server.authority = rest.substr(authority_prefix.size());
    }
    session.name = line;
    session.expires_at = base::timestamp{std::chrono::seconds{*expiry}};
    session.token = secret{token};
    return session;
}

std::string format_session_line(saved_session const& session)
{
    auto const token = session.token.view();
    auto const& server = session.server;
    if (!is_field(server.host) || !is_field(token) || is_ambiguous(server.key)) return {};
    if (!server.authority.empty() && !is_fingerprint(server.authority)) return {};
    if (server.port == 0 || !is_name(session.name) || session.expires_at.time_since_epoch().count() < 0) return {};
    auto key = server.key.empty() ? std::string{no_key} : server.key;
    if (!server.authority.empty()) key.append(authority_prefix).append(server.authority);
    if (!is_field(key)) return {};

    auto const transport_name = server.transport == transport::tls ? tls_name : plain_name;
    auto line = server.host + ' ' + std::to_string(server.port) + ' ' + std::string{transport_name} + ' ' + key + ' ' +
                std::to_string(session.expires_at.time_since_epoch().count()) + ' ';
    line += token;
    line += ' ';
    line += session.name;
    return line;
}

}  // namespace porter::detail::client
