#include "base/url.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace porter::detail::base {

namespace {

constexpr std::string_view after_scheme = "://";

bool is_letter(char letter) noexcept
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

bool is_of_scheme(char letter) noexcept
{
    return is_letter(letter) || (letter >= '0' && letter <= '9') || letter == '+' || letter == '-' || letter == '.';
}

std::string_view without_scheme(std::string_view url) noexcept
{
    auto const begin = url.find(after_scheme);
    return begin == std::string_view::npos ? std::string_view{} : url.substr(begin + after_scheme.size());
}

/// USER[:PASSWORD]@ with its '@', which libpq looks for up to the first '/', also after a '?'. Empty: there is none.
std::string_view login_of(std::string_view rest) noexcept
{
    auto const end = rest.find_first_of("@/");
    return end == std::string_view::npos || rest[end] == '/' ? std::string_view{} : rest.substr(0, end + 1);
}

std::string_view after_login(std::string_view rest) noexcept
{
    return rest.substr(login_of(rest).size());
}

/// "user:pass/word@host": libpq takes what is before the '/' for a host and its port.
bool has_slash_in_password(std::string_view rest) noexcept
{
    auto const authority = rest.substr(0, rest.find_first_of("/?"));
    auto const colon = authority.rfind(':');
    if (colon == std::string_view::npos || authority.ends_with(']')) return false;
    auto const port = authority.substr(colon + 1);
    bool const is_port = std::ranges::all_of(port, [](char letter) { return letter >= '0' && letter <= '9'; });
    return !is_port && rest.find('@') != std::string_view::npos;
}

/// Replaces each %XX. What is malformed, libpq rejects: it stays as it is.
std::string decoded(std::string_view text)
{
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const digits = text.substr(i + 1, 2);
        unsigned char byte = 0;
        bool const is_encoded = text[i] == '%' && digits.size() == 2 &&
                                std::from_chars(digits.data(), digits.data() + 2, byte, 16).ptr == digits.data() + 2;
        plain += is_encoded ? static_cast<char>(byte) : text[i];
        if (is_encoded) i += digits.size();
    }
    return plain;
}

/// libpq has password, sslpassword, oauth_client_secret, scram_client_key and scram_server_key, and rejects others,
/// such as PASSWORD.
bool is_secret(std::string const& parameter)
{
    auto const name = lower(parameter);
    return name.ends_with("password") || name.ends_with("secret") || name.ends_with("_key");
}

}  // namespace

bool is_url(std::string_view text) noexcept
{
    auto const end = text.find(after_scheme);
    if (end == std::string_view::npos || end == 0 || !is_letter(text.front())) return false;
    return std::ranges::all_of(text.substr(0, end), is_of_scheme);
}

bool is_postgresql_url(std::string_view text) noexcept
{
    return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

std::vector<std::string> parameter_names(std::string_view url)
{
    auto const rest = after_login(without_scheme(url));
    auto const begin = rest.find('?');
    if (begin == std::string_view::npos) return {};
    std::vector<std::string> names;
    for (auto left = rest.substr(begin + 1); !left.empty();) {
        auto const end = std::min(left.find('&'), left.size());
        auto const value = left.substr(0, end).find('=');
        if (value != std::string_view::npos) names.push_back(decoded(left.substr(0, value)));
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return names;
}

bool has_password(std::string_view url)
{
    auto const rest = without_scheme(url);
    if (login_of(rest).find(':') != std::string_view::npos || has_slash_in_password(after_login(rest))) return true;
    return std::ranges::any_of(parameter_names(url), is_secret);
}

}  // namespace porter::detail::base
