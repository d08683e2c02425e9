#include "config/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/hash_cost.hpp"
#include "base/url.hpp"
#include "config/bind.hpp"
#include "config/file.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"

namespace porter::detail::config {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t extra_ports = 100;

texts split_at_commas(std::string_view text)
{
    texts parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        auto const end = std::min(text.find(',', begin), text.size());
        parts.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::vector<setting> read_environment(environment const& variables)
{
    std::vector<setting> settings;
    for (auto const& one : all_options()) {
        auto const name = variable_of(one.name);
        auto const value = variables.find(name);
        if (!value) continue;
        settings.push_back({&one,
                            one.form == form::list ? split_at_commas(*value) : texts{*value},
                            {origin::source::environment, name}});
    }
    return settings;
}

void apply_settings(porterd_options& options, std::vector<setting> const& settings)
{
    for (auto const& one : settings) {
        auto const outcome = one.option->set(options, one.values);
        if (!outcome) {
            bool const on_command_line = one.from.kind == origin::source::flag;
            throw option_error(
                on_command_line ? exit_code::usage : exit_code::bad_configuration,
                fmt::format("{}: {}", porterd_options::place_of(one.option->name, one.from), outcome.error()));
        }
        options.origins.insert_or_assign(std::string{one.option->name}, one.from);
    }
}

/// $STATE_DIRECTORY of a service manager, else the XDG state directory. None: HOME is not set either.
std::optional<fs::path> find_data_dir(environment const& variables)
{
    if (auto const given = variables.find("STATE_DIRECTORY"))
        return given->substr(0, given->find(':'));  // systemd: a list
    auto const state = variables.find("XDG_STATE_HOME");
    if (state && fs::path{*state}.is_absolute()) return fs::path{*state} / "porter";  // XDG: relative ones are invalid
    if (auto const home = variables.find("HOME")) return fs::path{*home} / ".local/state/porter";
    return std::nullopt;
}

fs::path default_data_dir(environment const& variables)
{
    if (auto const found = find_data_dir(variables)) return *found;
    throw option_error(exit_code::bad_configuration, "no data directory: HOME is not set; give --data-dir DIR");
}

/// Where an administrator finds the control socket of a running porterd: in the data directory that porterd has with
/// the same options, wherever the database is. Empty: there is none, and it is not always needed.
fs::path control_folder(server_options const& server, environment const& variables)
{
    if (!server.data_dir.empty()) return server.data_dir;
    return find_data_dir(variables).value_or(fs::path{});
}

void fill_defaults(porterd_options& options, environment const& variables, purpose use)
{
    auto& server = options.server;
    bool const makes_log = use == purpose::service && server.log_file.empty();
    bool const makes_key = use == purpose::service && server.tls != tls_mode::off && server.tls_key.empty();
    bool const needs_folder = server.database.empty() || makes_log || makes_key;
    if (server.data_dir.empty() && needs_folder) server.data_dir = default_data_dir(variables);
    if (server.database.empty()) server.database = server.data_dir / "porter.db";
    if (makes_log) server.log_file = server.data_dir / "porterd.log";
    auto const folder = use == purpose::service ? server.data_dir : control_folder(server, variables);
    if (!folder.empty()) server.control_socket = folder / "porterd.sock";
    options.set_port(server.port);
}

[[noreturn]] void reject(porterd_options const& options, std::string_view name, std::string_view reason)
{
    throw option_error(exit_code::bad_configuration, fmt::format("{}: {}", options.place_of(name), reason));
}

void check_certificate(porterd_options const& options)
{
    bool const has_key = !options.server.tls_key.empty();
    bool const has_certificate = !options.server.tls_certificate.empty();
    auto const* const given = has_key ? "tls-key" : "tls-certificate";
    bool const is_off = options.server.tls == tls_mode::off;
    if (is_off && base::is_url(options.server.database)) return;  // the key is of use without TLS, too
    if (has_key != has_certificate) reject(options, given, "--tls-key and --tls-certificate belong together");
    if (has_key && is_off) reject(options, given, "of no use with --tls off");
}

/// Each option is within its own bounds, but together they could occupy a thread for an hour.
void check_hash_work(porterd_options const& options)
{
    auto const& server = options.server;
    base::hash_cost const cost{static_cast<std::uint32_t>(server.hash_memory / 1024), server.hash_ops};
    if (base::is_computable(cost)) return;
    reject(options, "hash-ops",
           fmt::format("--hash-memory times --hash-ops is more than {}", size_text(base::most_hash_work_kib * 1024)));
}

void check_forward_identity(porterd_options const& options)
{
    bool const is_used =
        options.forward_identity == forward_identity::none || options.service.kind == service_kind::forward;
    if (!is_used) reject(options, "forward-identity", "of no use without --service forward:...");
}

void check_combinations(porterd_options const& options)
{
    check_forward_identity(options);
    if (auto const conflict = conflict_among(options.server.bind)) reject(options, "bind", *conflict);
    check_certificate(options);
    check_hash_work(options);
}

}  // namespace

origin porterd_options::origin_of(std::string_view option) const
{
    auto const found = origins.find(option);
    return found == origins.end() ? origin{} : found->second;
}

std::string porterd_options::place_of(std::string_view option, origin const& from)
{
    switch (from.kind) {
        case origin::source::by_default:
            return fmt::format("--{}", option);
        case origin::source::file:
            return fmt::format("{}: {}", from.where, option);
        default:
            return from.where;
    }
}

void porterd_options::set_port(std::uint16_t port)
{
    server.port = port;
    bool const may_try_others = !strict_port && port != 0;
    server.port_tries =
        may_try_others ? static_cast<std::uint16_t>(std::min<unsigned>(extra_ports + 1, 65'536U - port)) : 1;
}

porterd_options resolve(command_line const& line, environment const& variables, purpose use)
{
    porterd_options options;
    std::size_t const cores = std::max(1U, std::thread::hardware_concurrency());
    options.server.threads = cores;
    options.server.hash_threads = std::max<std::size_t>(1, cores - 1);

    auto const file = line.config_file ? line.config_file : variables.find("PORTERD_CONFIG");
    if (file) apply_settings(options, read_file(*file));
    apply_settings(options, read_environment(variables));
    apply_settings(options, line.settings);
    fill_defaults(options, variables, use);
    check_combinations(options);
    return options;
}

}  // namespace porter::detail::config
