#include "client/known_server_line.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "client/fields.hpp"
#include "porter/trust.hpp"

namespace porter {

bool is_fingerprint(std::string_view text) noexcept
{
    constexpr std::string_view start = "SHA256:";
    constexpr std::size_t digest_letters = 43;  // 32 bytes in base64 without padding (RFC 4648)
    auto const is_base64 = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    };
    if (!text.starts_with(start) || text.size() != start.size() + digest_letters) return false;
    return std::all_of(text.begin() + start.size(), text.end(), is_base64);
}

}  // namespace porter

namespace porter::rooms::client {

namespace {

constexpr std::size_t longest_note = 255;

bool is_place(std::string_view where)
{
    auto const colon = where.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    auto const host = where.substr(0, colon);
    auto const port = parse_number<std::uint16_t>(where.substr(colon + 1));
    if (!port || *port == 0 || !is_word(where)) return false;
    bool const bracketed = host.front() == '[' && host.back() == ']';
    return bracketed ? host.size() > 2 : host.find(':') == std::string_view::npos;
}

bool is_note(std::string_view text)
{
    return text.size() <= longest_note && is_printed(text);
}

}  // namespace

std::string place_name(std::string const& host, std::uint16_t port)
{
    bool const colons = host.find(':') != std::string::npos;
    return lower(colons ? "[" + host + "]" : host) + ":" + std::to_string(port);
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
    auto const where = take_word(line);
    auto const key = take_word(line);
    if (!is_place(where)) return refuse(std::string{"it does not begin with HOST:PORT"});
    if (!is_fingerprint(key)) {
        return refuse(std::string{"its second field is no fingerprint (SHA256: and 43 letters of base64)"});
    }
    if (!is_note(line)) return refuse(std::string{"its end is too long or unprintable"});
    return known_server{lower(std::string{where}), std::string{key}, std::string{line}};
}

std::string format_known_server(known_server const& server)
{
    if (!is_place(server.where) || !is_fingerprint(server.fingerprint) || !is_note(server.since)) return {};
    return server.where + ' ' + server.fingerprint + ' ' + server.since;
}

}  // namespace porter::rooms::client
