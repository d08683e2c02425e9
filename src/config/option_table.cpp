#include <fmt/format.h>

#include <algorithm>

#include "base/hash_cost.hpp"
#include "base/network.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "config/bind.hpp"
#include "config/option_kinds.hpp"
#include "config/service_spec.hpp"

namespace porter::detail::config {
namespace {

using server = server_options;
using program = porterd_options;

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t MiB = 1024 * KiB;
constexpr std::uint64_t GiB = 1024 * MiB;
constexpr std::uint64_t many = 10'000'000;  // connections; more than one machine has ports and memory for

constexpr std::array<choice_name<log_level>, 5> log_levels{{{"trace", log_level::trace},
                                                            {"debug", log_level::debug},
                                                            {"info", log_level::info},
                                                            {"warn", log_level::warn},
                                                            {"error", log_level::error}}};
constexpr std::array<choice_name<log_format>, 2> log_formats{{{"text", log_format::text}, {"json", log_format::json}}};
constexpr std::array<choice_name<access>, 3> accesses{
    {{"open", access::open}, {"identify", access::identify}, {"authenticate", access::authenticate}}};
constexpr std::array<choice_name<registration_mode>, 3> registrations{{{"open", registration_mode::open},
                                                                       {"invited", registration_mode::invited},
                                                                       {"closed", registration_mode::closed}}};
constexpr std::array<choice_name<bool>, 2> switches{{{"on", true}, {"off", false}}};
constexpr std::array<choice_name<forward_identity>, 2> identities{
    {{"none", forward_identity::none}, {"proxy-v2", forward_identity::proxy_v2}}};
constexpr std::array<choice_name<tls_mode>, 3> tls_modes{
    {{"auto", tls_mode::automatic}, {"required", tls_mode::required}, {"off", tls_mode::off}}};

result<void, std::string> set_port(program& options, texts const& values)
{
    auto const port = parse_port(values.back());
    if (!port) return unexpected(port.error());
    options.server.port = *port;
    return {};
}

std::optional<std::string> show_port(program const& options)
{
    return std::to_string(options.server.port);
}

result<void, std::string> set_bind(program& options, texts const& values)
{
    if (values.empty()) return unexpected(std::string{"an address is missing"});
    for (auto const& address : values) {
        if (!is_address(address)) {
            return unexpected(
                fmt::format("\"{}\" is not an IP address such as 127.0.0.1 or ::1", base::escape(address)));
        }
    }
    options.server.bind = values;
    return {};
}

result<void, std::string> set_proxy_from(program& options, texts const& values)
{
    for (auto const& network : values) {
        if (base::network::parse(network)) continue;
        return unexpected(fmt::format("\"{}\" is not a network such as 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1",
                                      base::escape(network)));
    }
    options.server.proxy_from = values;
    return {};
}

result<void, std::string> set_database(program& options, texts const& values)
{
    auto const& value = values.back();
    if (value.empty()) return unexpected(std::string{"a path cannot be empty"});
    // Without the text, which may have a password.
    if (base::is_url(value) && !base::is_postgresql_url(value)) {
        return unexpected(std::string{"expected FILE or postgresql://[USER@]HOST[:PORT][,HOST...]/DATABASE"});
    }
    if (base::is_url(value)) {
        auto const url = parse_database_url(value);
        if (!url) return unexpected(url.error());
    }
    options.server.database = value;
    return {};
}

std::optional<std::string> show_database(program const& options)
{
    if (options.server.database.empty()) return std::nullopt;
    return toml_text(options.server.database);
}

result<void, std::string> set_service(program& options, texts const& values)
{
    auto spec = service_spec::parse(values.back());
    if (!spec) return unexpected(spec.error());
    options.service = std::move(*spec);
    return {};
}

std::optional<std::string> show_service(program const& options)
{
    return toml_text(options.service.text());
}

result<void, std::string> set_metrics(program& options, texts const& values)
{
    auto address = metrics_address::parse(values.back());
    if (!address) return unexpected(address.error());
    options.metrics = std::move(*address);
    return {};
}

std::optional<std::string> show_metrics(program const& options)
{
    if (options.metrics.is_empty()) return std::nullopt;
    return toml_text(options.metrics.text());
}

constexpr option row(std::string_view name, char letter, form type, std::string_view argument, accessors value,
                     std::string_view meaning, copier reload = nullptr)
{
    return {name, letter, type, argument, meaning, value.set, value.show, reload};
}

constexpr option table[] = {
    row("port", 'p', form::number, "PORT", {set_port, show_port}, "the port to listen on; 0: any free port"),
    row("bind", 'b', form::list, "ADDRESS",
        {set_bind, [](program const& options) -> std::optional<std::string> { return toml_list(options.server.bind); }},
        "an IP address to listen on; may be given more than once; :: serves IPv6 and IPv4"),
    row("strict-port", 0, form::flag, "", flag<&program::strict_port>(),
        "fail if the port is in use, instead of trying the next ones"),
    row("port-file", 0, form::text, "FILE", path<&program::port_file>(),
        "a file to write the port to; a regular file is replaced, and removed at exit"),
    row("data-dir", 0, form::text, "DIR", path<&server::data_dir>(),
        "the directory of porter.db, porterd.log and the TLS key and certificate; created with mode 0700 (default "
        "$STATE_DIRECTORY, else $XDG_STATE_HOME/porter, else ~/.local/state/porter)"),
    row("database", 0, form::text, "DATABASE", {set_database, show_database},
        "the database: a file (default porter.db in the data directory), or postgresql://[USER@]HOST[:PORT]/DATABASE, "
        "which several servers share; these then need the same --tls-key"),
    row("audit-keep", 0, form::duration, "TIME", duration<&server::audit_keep, 0>(),
        "how long the rows of audit are kept, which say who changed what; at least 1d; 0: for ever"),
    row("partition-grace", 0, form::duration, "TIME", duration<&server::partition_grace, 0>(),
        "how long sessions go on while a server cannot reach the database that it shares; 0: not at all",
        reloadable<&server::partition_grace>()),
    row("log-file", 0, form::text, "FILE", path<&server::log_file>(),
        "the log (default porterd.log in the data directory); -: standard output"),
    row("log-level", 0, form::text, "LEVEL", choice<&server::log_level, log_levels>(),
        "trace, debug, info, warn or error", reloadable<&server::log_level>()),
    row("log-format", 0, form::text, "FORMAT", choice<&server::log_format, log_formats>(), "text or json"),
    row("access", 0, form::text, "MODE", choice<&server::access, accesses>(),
        "what a client must do to get access: open (nothing), identify (give a name) or authenticate"),
    row("registration", 0, form::text, "MODE", choice<&server::registration, registrations>(),
        "which clients may register accounts: open (all), or invited or closed (those with the code of an invitation)",
        reloadable<&server::registration>()),
    row("service", 0, form::text, "SERVICE", {set_service, show_service},
        "the handler of each connection with access: echo (returns each message), chat (sends each text to all "
        "others), "
        "exec:COMMAND (runs a command for each connection, which reads texts as lines and writes lines), or "
        "forward:HOST:PORT or forward:unix:PATH (passes bytes to and from a program that listens there)"),
    row("max-processes", 0, form::number, "N", number<&program::max_processes, 1, 65'536>(),
        "commands of exec at the same time; another connection is closed (unavailable)"),
    row("forward-identity", 0, form::text, "KIND", choice<&program::forward_identity, identities>(),
        "how forward tells its program about the client: none, or proxy-v2 (a PROXY protocol header)"),
    row("session-ttl", 0, form::duration, "TIME", duration<&server::session_ttl, 1>(), "absolute lifetime of a session",
        reloadable<&server::session_ttl>()),
    row("session-idle-ttl", 0, form::duration, "TIME", duration<&server::session_idle_ttl, 1>(),
        "lifetime of a session that is not used", reloadable<&server::session_idle_ttl>()),
    row("max-registrations-per-address", 0, form::number, "N",
        number<&server::max_registrations_per_address, 0, many>(),
        "new accounts an hour from an IPv4 address or IPv6 /64; 0: no limit",
        reloadable<&server::max_registrations_per_address>()),
    row("max-sessions-per-account", 0, form::number, "N", number<&server::max_sessions_per_account, 1, 65'536>(),
        "sessions of an account; opening another ends the oldest", reloadable<&server::max_sessions_per_account>()),
    row("min-password-length", 0, form::number, "N", number<&server::min_password_length, 8, 256>(),
        "in characters, 8 to 256", reloadable<&server::min_password_length>()),
    row("password-list", 0, form::text, "FILE", path<&server::password_list>(),
        "sorted SHA-1 sums, one a line, of passwords to reject (as lists of breached passwords are published), besides "
        "the built-in list",
        reloadable<&server::password_list>()),
    row("greet-by-address", 0, form::toggle, "on|off", choice<&server::greet_by_address, switches>(),
        "whether the welcome contains the name last used from the client's address",
        reloadable<&server::greet_by_address>()),
    row("login-grace", 0, form::duration, "TIME", duration<&server::login_grace, 1>(),
        "time from accept until access is granted", reloadable<&server::login_grace>()),
    row("idle-timeout", 0, form::duration, "TIME", duration<&server::idle_timeout, 0>(),
        "closes connections that send nothing for this time; 0: never", reloadable<&server::idle_timeout>()),
    row("max-connections", 0, form::number, "N", number<&server::max_connections, 0, many>(),
        "concurrent connections, no more than the descriptor limit allows; 0: as many as it allows",
        reloadable<&server::max_connections>()),
    row("max-connections-per-address", 0, form::number, "N", number<&server::max_connections_per_address, 0, many>(),
        "concurrent connections of an IPv4 address or IPv6 /64; 0: no limit",
        reloadable<&server::max_connections_per_address>()),
    row("max-connections-per-account", 0, form::number, "N", number<&server::max_connections_per_account, 0, many>(),
        "concurrent connections of an account; 0: no limit", reloadable<&server::max_connections_per_account>()),
    row("max-frame", 0, form::size, "SIZE", size<&server::max_frame, 4 * KiB, 16 * MiB>(),
        "the largest message, 4KiB to 16MiB"),
    row("threads", 0, form::number, "N", number<&server::threads, 1, 1024>(),
        "I/O threads; default: the machine's cores"),
    row("hash-threads", 0, form::number, "N", number<&server::hash_threads, 1, 1024>(),
        "threads that hash passwords; default: cores - 1, at least 1"),
    row("hash-memory", 0, form::size, "SIZE", size<&server::hash_memory, 19 * MiB, 4 * GiB>(),
        "memory for one Argon2id hash, 19MiB to 4GiB; times --hash-ops at most 16GiB"),
    row("hash-ops", 0, form::number, "N", number<&server::hash_ops, 2, base::most_hash_passes>(),
        "passes of Argon2id, 2 to 1000"),
    row("tls", 0, form::text, "MODE", choice<&server::tls, tls_modes>(),
        "auto (required from other machines), required, or off (passwords are sent in plaintext)"),
    row("tls-certificate", 0, form::text, "FILE", path<&server::tls_certificate>(),
        "a certificate (PEM) to use instead of the one that is created in the data directory",
        reloadable<&server::tls_certificate>()),
    row("tls-key", 0, form::text, "FILE", path<&server::tls_key>(), "the private key of that certificate (PEM)",
        reloadable<&server::tls_key>()),
    row("proxy-from", 0, form::list, "CIDR",
        {set_proxy_from,
         [](program const& options) -> std::optional<std::string> { return toml_list(options.server.proxy_from); }},
        "a network of proxies: a connection from it must begin with a PROXY protocol header (v1 or v2), which states "
        "the client's address; may be given more than once",
        reloadable<&server::proxy_from>()),
    row("metrics", 0, form::text, "ADDRESS", {set_metrics, show_metrics},
        "serve a status page (/), /metrics, /healthz and /status.json over HTTP at ADDRESS:PORT or unix:PATH; one that "
        "is not loopback is open to other machines, without encryption or a password"),
    row("no-input", 0, form::flag, "", flag<&program::no_input>(), "never prompt"),
    row("check", 0, form::flag, "", flag<&program::check>(),
        "check configuration, database and TLS key, not whether the port is free, and exit"),
    row("print-config", 0, form::flag, "", flag<&program::print_config>(),
        "print each setting and its origin, and exit"),
};

}  // namespace

std::span<option const> all_options()
{
    return table;
}

option const* find_option(std::string_view name)
{
    auto const found = std::ranges::find(table, name, &option::name);
    return found == std::end(table) ? nullptr : found;
}

std::string variable_of(std::string_view name)
{
    std::string variable = "PORTERD_";
    for (char const letter : name) {
        variable += letter == '-' ? '_' : static_cast<char>(letter - 'a' + 'A');
    }
    return variable;
}

}  // namespace porter::detail::config
