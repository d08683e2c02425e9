#include "store/postgres/open_error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace porter::detail::store::postgres {

namespace {

constexpr std::size_t length_of_sqlstate = 5;

/// A part of libpq's own messages, which have no SQLSTATE: a client or server of TLS, or an authentication that one
/// side does not offer.
constexpr std::array client_errors = {
    std::string_view{"certificate"},      std::string_view{"SSL was required"},     std::string_view{"private key"},
    std::string_view{"channel binding"},  std::string_view{"no password supplied"}, std::string_view{" alert "},
    std::string_view{"authentication m"},  // "method ... not supported", "method requirement ... failed"
};

bool is_sqlstate(std::string_view text)
{
    return text.size() == length_of_sqlstate && std::ranges::all_of(text, [](char letter) {
               return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z');
           });
}

/// Of the login (28), no such database, no privilege to connect.
bool is_configuration(std::string_view sqlstate)
{
    return sqlstate.starts_with("28") || sqlstate == "3D000" || sqlstate == "42501";
}

/// Removes the SQLSTATE of "FATAL:  28P01: password authentication failed", and returns it. Empty: there is none.
std::string take_sqlstate(std::string& line)
{
    constexpr std::string_view before = ":  ";
    auto const found = line.find(before);
    if (found == std::string::npos) return {};
    auto const begin = found + before.size();
    auto code = line.substr(begin, length_of_sqlstate);
    if (!is_sqlstate(code) || line.substr(begin + code.size(), 2) != ": ") return {};
    line.erase(found + 1, before.size() - 1 + code.size() + 1);
    return code;
}

bool is_client_error(std::string_view line)
{
    return std::ranges::any_of(client_errors,
                               [line](std::string_view part) { return line.find(part) != std::string_view::npos; });
}

void add_line(open_error& error, std::string line)
{
    if (line.empty() || line.starts_with("LOCATION:")) return;
    auto const code = take_sqlstate(line);
    if (code.empty() ? is_client_error(line) : is_configuration(code)) error.is_configuration = true;
    std::ranges::replace(line, '\t', ' ');
    error.text += error.text.empty() || line.front() == ' ' ? line : ' ' + line;
}

}  // namespace

open_error open_error_of(char const* message)
{
    open_error error;
    for (std::string_view left = message ? message : ""; !left.empty();) {
        auto const end = std::min(left.find('\n'), left.size());
        add_line(error, std::string{left.substr(0, end)});
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return error;
}

}  // namespace porter::detail::store::postgres
