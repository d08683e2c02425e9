#include "store/postgres/address.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <asio/ip/address.hpp>
#include <memory>
#include <optional>

#include "base/number.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::store::postgres {

namespace {

struct freeing {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using conninfo = std::unique_ptr<PQconninfoOption, freeing>;

/// The parameters that an address may have, beside host and port. Porter sets the others itself.
constexpr std::array allowed = {
    std::string_view{"user"},       std::string_view{"dbname"},           std::string_view{"passfile"},
    std::string_view{"sslmode"},    std::string_view{"sslrootcert"},      std::string_view{"sslcert"},
    std::string_view{"sslkey"},     std::string_view{"sslcrl"},           std::string_view{"sslcrldir"},
    std::string_view{"sslsni"},     std::string_view{"channel_binding"},  std::string_view{"requirepeer"},
    std::string_view{"krbsrvname"}, std::string_view{"application_name"}, std::string_view{"ssl_min_protocol_version"},
};

start_error wrong(std::string const& reason)
{
    return start_error{start_errc::configuration, "the address of the database: " + reason};
}

std::string value_of(PQconninfoOption const* options, std::string_view keyword)
{
    for (; options && options->keyword; ++options) {
        if (options->keyword == keyword && options->val) return options->val;
    }
    return {};
}

/// The parts of "a,b,,c". One empty part for an empty text.
std::vector<std::string> split(std::string_view list)
{
    std::vector<std::string> parts;
    for (;;) {
        auto const comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

connection_parameters given_parameters(PQconninfoOption const* options)
{
    connection_parameters given;
    for (; options->keyword; ++options) {
        std::string_view const keyword = options->keyword;
        if (!options->val) continue;
        if (keyword == "password" || keyword == "sslpassword") {
            throw wrong(
                "a password in it can be read by others: use PGPASSFILE, a file that only the user of this "
                "program can read (0600), or a client certificate");
        }
        if (keyword == "host" || keyword == "port") continue;
        if (std::find(allowed.begin(), allowed.end(), keyword) == allowed.end()) {
            throw wrong("it must not set " + std::string{keyword});
        }
        given.emplace_back(keyword, options->val);
    }
    return given;
}

/// Of a URL that libpq rejects. A name is shown if it can be one, and is no part of a value with '&' in it.
start_error malformed(std::string const& text)
{
    conninfo const known{PQconninfoParse("", nullptr)};
    auto const is_known = [&](std::string const& name) {
        for (auto const* option = known.get(); option && option->keyword; ++option) {
            if (option->keyword == name) return true;
        }
        return name == "ssl";  // as JDBC has it
    };
    auto const is_shown = [](std::string const& name) {
        return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
    };
    for (auto const& name : base::parameter_names(text)) {
        if (is_shown(name) && !is_known(name)) return wrong("libpq has no parameter " + name);
    }
    return wrong("expected postgresql://[USER@]HOST[:PORT][,HOST...]/DATABASE[?PARAMETER=VALUE]");
}

std::vector<host> hosts_of(std::string const& names, std::string const& ports)
{
    auto const name_list = split(names);
    auto const port_list = split(ports);
    if (port_list.size() != 1 && port_list.size() != name_list.size()) {
        throw wrong("it has " + std::to_string(name_list.size()) + " hosts and " + std::to_string(port_list.size()) +
                    " ports");
    }
    std::vector<host> hosts;
    for (std::size_t i = 0; i < name_list.size(); ++i) {
        auto const& port = port_list.size() == 1 ? port_list.front() : port_list[i];
        auto const number =
            base::parse_number<std::uint16_t>(port.empty() ? std::string_view{"5432"} : std::string_view{port});
        if (!number || *number == 0) throw wrong("a port is a number from 1 to 65535");
        hosts.push_back({name_list[i], *number});
    }
    return hosts;
}

}  // namespace

bool host::is_unix_socket() const noexcept
{
    return name.empty() || name.front() == '/' || name.front() == '@';
}

bool host::is_loopback() const
{
    if (is_unix_socket()) return false;
    asio::error_code failed;
    auto const literal = asio::ip::make_address(name, failed);
    if (!failed) return literal.is_loopback();
    auto const lower = base::lower(name);
    return lower == "localhost" || lower.ends_with(".localhost");
}

std::string host::text() const
{
    auto const shown = name.empty() ? std::string{"the local socket"} : name;
    auto const in_brackets = !is_unix_socket() && name.find(':') != std::string::npos;
    return (in_brackets ? "[" + shown + "]" : shown) + ":" + std::to_string(port);
}

bool address::is_address(std::string_view text) noexcept
{
    return base::is_postgresql_url(text);
}

address address::parse(std::string const& text)
{
    conninfo const given{is_address(text) ? PQconninfoParse(text.c_str(), nullptr) : nullptr};
    if (!given) throw malformed(text);
    // With the environment and the service file.
    conninfo const defaults{PQconndefaults()};
    auto const value = [&](std::string_view keyword) {
        auto found = value_of(given.get(), keyword);
        return found.empty() ? value_of(defaults.get(), keyword) : found;
    };

    address parsed;
    parsed.given_ = given_parameters(given.get());
    if (!value("hostaddr").empty()) throw wrong("PGHOSTADDR is set, which would replace its hosts: unset it");
    parsed.hosts_ = hosts_of(value("host"), value("port"));
    // A certificate replaces the exchange that a channel can be bound to. "prefer" is libpq's own default.
    bool const is_chosen = !value_of(given.get(), "channel_binding").empty() || value("channel_binding") != "prefer";
    parsed.binds_channel_ = !is_chosen && value("sslcert").empty();
    bool const is_verified = value("sslmode") == "verify-full";
    for (auto const& each : parsed.hosts_) {
        if (each.is_unix_socket() || each.is_loopback() || is_verified) continue;
        throw wrong(each.text() +
                    " is another machine, so its certificate must be verified: add "
                    "?sslmode=verify-full&sslrootcert=FILE, or use a Unix socket or a loopback address");
    }
    return parsed;
}

std::string address::text() const
{
    constexpr std::string_view scheme = "postgresql://";
    std::string text{scheme};
    auto const append = [&](std::string_view before, std::string_view keyword) {
        for (auto const& [name, value] : given_) {
            if (name == keyword) text.append(before).append(value);
        }
    };
    append("", "user");
    if (text.size() > scheme.size()) text += '@';
    for (auto const& each : hosts_) text.append(&each == hosts_.data() ? "" : ",").append(each.text());
    append("/", "dbname");
    return text;
}

connection_parameters address::parameters(host const& server, std::string const& ip) const
{
    auto all = given_;
    if (binds_channel_ && !server.is_unix_socket() && !server.is_loopback()) {
        all.emplace_back("channel_binding", "require");
    }
    all.emplace_back("host", server.name);
    all.emplace_back("port", std::to_string(server.port));
    if (!ip.empty()) all.emplace_back("hostaddr", ip);
    all.emplace_back("client_encoding", "UTF8");
    all.emplace_back("fallback_application_name", "porterd");
    all.emplace_back("target_session_attrs", "any");
    all.emplace_back("gssencmode", "disable");
    // A broken network path is noticed within 2 s with data on the way, and within 4 s without.
    all.emplace_back("tcp_user_timeout", "2000");
    all.emplace_back("keepalives_idle", "2");
    all.emplace_back("keepalives_interval", "1");
    all.emplace_back("keepalives_count", "2");
    return all;
}

}  // namespace porter::detail::store::postgres
