#include "client/known_server_line.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "base/number.hpp"
#include "base/text.hpp"
#include "client/line_parsing.hpp"
#include "porter/host_key_policy.hpp"

namespace porter {

namespace {

constexpr std::string_view fingerprint_prefix = "SHA256:";

}  // namespace

bool is_fingerprint(std::string_view text) noexcept
{
    constexpr std::size_t digest_length = 43;  // 32 bytes in base64 without padding (RFC 4648)
    auto const is_base64 = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    };
    if (!text.starts_with(fingerprint_prefix) || text.size() != fingerprint_prefix.size() + digest_length) return false;
    return std::all_of(text.begin() + fingerprint_prefix.size(), text.end(), is_base64);
}

}  // namespace porter

namespace porter::detail::client {

namespace {

constexpr std::size_t max_note = 255;

/// The server_name() of a HOST:PORT. Any host may be in brackets, as in known_hosts of ssh.
std::optional<std::string> parse_server(std::string_view text)
{
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || !is_field(text)) return std::nullopt;
    auto host = text.substr(0, colon);
    auto const port = base::parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!port || *port == 0) return std::nullopt;
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    if (host.find_first_of("[],") != std::string_view::npos) return std::nullopt;
    return server_name(std::string{host}, *port);
}

bool is_note(std::string_view text)
{
    // A second key means that two lines were joined: the second one would be ignored.
    bool const has_key = text.find(fingerprint_prefix) != std::string_view::npos;
    bool const is_trimmed = trim_line(text) == text;
    auto const is_printable_or_tab = [](char c) { return c == '\t' || is_printable({&c, 1}); };
    return text.size() <= max_note && is_trimmed && !has_key &&
           std::all_of(text.begin(), text.end(), is_printable_or_tab);
}

/// Whether the text contains the name of a host or server, and not as a part of a longer name.
bool contains_name(std::string const& text, std::string const& name)
{
    constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    bool const is_ipv6 = name.find(':') < name.rfind(':');
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
        auto const end = at + name.size();
        bool const begins = at == 0 || (name_characters.find(text[at - 1]) == std::string_view::npos &&
                                        !(is_ipv6 && text[at - 1] == ':'));
        if (begins && (end == text.size() || name_characters.find(text[end]) == std::string_view::npos)) return true;
    }
    return false;
}

/// The same with invisible characters removed or replaced by blanks: a NUL, a no-break space, UTF-16.
bool may_contain_name(std::string_view text, std::string const& name)
{
    std::string removed;
    std::string replaced;
    for (auto const character : text) {
        bool const is_visible = character > ' ' && character < '\x7f';
        if (is_visible) removed += character;
        replaced += is_visible ? character : ' ';
    }
    return contains_name(base::lower(std::move(removed)), name) ||
           contains_name(base::lower(std::move(replaced)), name);
}

/// A form for comparison: without brackets and in lower case.
std::string without_brackets(std::string_view text)
{
    auto bare = base::lower(std::string{text});
    std::erase_if(bare, [](char c) { return c == '[' || c == ']'; });
    return bare;
}

}  // namespace

std::string server_name(std::string const& host, std::uint16_t port)
{
    bool const is_ipv6 = host.find(':') != std::string::npos;
    return base::lower(is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string day_of(base::timestamp when)
{
    std::chrono::year_month_day const day{std::chrono::floor<std::chrono::days>(when)};
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text.data();
}

result<known_server, std::string> parse_known_server(std::string_view line)
{
    line = trim_line(line);
    auto server = parse_server(take_field(line));
    auto const key = take_field(line);
    if (!server) return unexpected(std::string{"it does not begin with HOST:PORT"});
    if (!is_fingerprint(key)) {
        return unexpected(std::string{"its second field is not a fingerprint (SHA256: and 43 characters of base64)"});
    }
    if (!is_note(line)) return unexpected(std::string{"its note is too long, not printable or contains another key"});
    return known_server{std::move(*server), std::string{key}, std::string{line}};
}

bool may_concern(std::string_view line, std::string const& server)
{
    auto rest = trim_line(line);
    auto const named = parse_server(take_field(rest));
    // The rest may be a second line that was joined to the first.
    if (named) return *named == server || without_brackets(rest).find(without_brackets(server)) != std::string::npos;
    auto host = server.substr(0, server.rfind(':'));
    if (host.front() == '[') host = host.substr(1, host.size() - 2);
    return may_contain_name(line, host);
}

std::string format_known_server(known_server const& server)
{
    if (parse_server(server.name) != server.name || !is_fingerprint(server.fingerprint) || !is_note(server.first_seen))
        return {};
    return server.name + ' ' + server.fingerprint + ' ' + server.first_seen;
}

}  // namespace porter::detail::client
