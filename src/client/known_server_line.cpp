#include "client/known_server_line.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "base/text.hpp"
#include "client/fields.hpp"
#include "porter/host_key_policy.hpp"

namespace porter {

namespace {

constexpr std::string_view fingerprint_start = "SHA256:";

}  // namespace

bool is_fingerprint(std::string_view text) noexcept
{
    constexpr std::size_t digest_letters = 43;  // 32 bytes in base64 without padding (RFC 4648)
    auto const is_base64 = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    };
    if (!text.starts_with(fingerprint_start) || text.size() != fingerprint_start.size() + digest_letters) return false;
    return std::all_of(text.begin() + fingerprint_start.size(), text.end(), is_base64);
}

}  // namespace porter

namespace porter::detail::client {

namespace {

constexpr std::size_t longest_note = 255;

/// A server by its HOST:PORT, in the form of place_name(). A name may have brackets too, as ssh writes it.
std::optional<std::string> parse_server(std::string_view text)
{
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || !is_field(text)) return std::nullopt;
    auto host = text.substr(0, colon);
    auto const port = parse_number<std::uint16_t>(text.substr(colon + 1));
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
    // With a second key in it the line was two, and the second one would be overlooked.
    bool const has_key = text.find(fingerprint_start) != std::string_view::npos;
    bool const is_trimmed = trim_line(text) == text;
    auto const is_printed_or_tab = [](char c) { return c == '\t' || is_printed({&c, 1}); };
    return text.size() <= longest_note && is_trimmed && !has_key &&
           std::all_of(text.begin(), text.end(), is_printed_or_tab);
}

/// Whether the text has the name of a host or server in it, and not as a part of a longer name.
bool has_name(std::string const& text, std::string const& name)
{
    constexpr std::string_view in_names = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    bool const is_ipv6 = name.find(':') < name.rfind(':');
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
        auto const end = at + name.size();
        bool const begins =
            at == 0 || (in_names.find(text[at - 1]) == std::string_view::npos && !(is_ipv6 && text[at - 1] == ':'));
        if (begins && (end == text.size() || in_names.find(text[end]) == std::string_view::npos)) return true;
    }
    return false;
}

/// The same when the text may have characters that no editor shows: a zero before the name, a no-break space, UTF-16.
bool may_have_name(std::string_view text, std::string const& name)
{
    std::string shown;
    std::string replaced;
    for (auto const letter : text) {
        bool const is_visible = letter > ' ' && letter < '\x7f';
        if (is_visible) shown += letter;
        replaced += is_visible ? letter : ' ';
    }
    return has_name(base::lower(std::move(shown)), name) || has_name(base::lower(std::move(replaced)), name);
}

/// For comparing places: one form of what may stand with brackets or without, in any case.
std::string without_brackets(std::string_view text)
{
    auto bare = base::lower(std::string{text});
    std::erase_if(bare, [](char letter) { return letter == '[' || letter == ']'; });
    return bare;
}

}  // namespace

std::string server_name(std::string const& host, std::uint16_t port)
{
    bool const colons = host.find(':') != std::string::npos;
    return base::lower(colons ? "[" + host + "]" : host) + ":" + std::to_string(port);
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
    auto where = parse_server(take_field(line));
    auto const key = take_field(line);
    if (!where) return unexpected(std::string{"it does not begin with HOST:PORT"});
    if (!is_fingerprint(key)) {
        return unexpected(std::string{"its second field is no fingerprint (SHA256: and 43 letters of base64)"});
    }
    if (!is_note(line)) return unexpected(std::string{"its end is too long or unprintable, or holds another key"});
    return known_server{std::move(*where), std::string{key}, std::string{line}};
}

bool may_concern(std::string_view line, std::string const& where)
{
    auto rest = trim_line(line);
    auto const named = parse_server(take_field(rest));
    // Where two lines have run together the second one has no beginning: any place will do.
    if (named) return *named == where || without_brackets(rest).find(without_brackets(where)) != std::string::npos;
    auto host = where.substr(0, where.rfind(':'));
    if (host.front() == '[') host = host.substr(1, host.size() - 2);
    return may_have_name(line, host);
}

std::string format_known_server(known_server const& server)
{
    if (parse_server(server.place) != server.place || !is_fingerprint(server.fingerprint) ||
        !is_note(server.first_seen))
        return {};
    return server.place + ' ' + server.fingerprint + ' ' + server.first_seen;
}

}  // namespace porter::detail::client
