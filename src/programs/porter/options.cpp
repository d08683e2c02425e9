#include "programs/porter/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "config/host.hpp"
#include "config/option.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"
#include "porter/text.hpp"

namespace porter::programs {

namespace {

namespace config = detail::config;

[[noreturn]] void usage_error(std::string const& line)
{
    throw config::option_error(config::exit_code::usage, line);
}

[[noreturn]] void reject_unknown(CLI::App const& app, std::string const& argument)
{
    static constexpr std::string_view address_options[] = {"--port", "-p", "--host", "-H", "--server", "--address"};
    if (std::ranges::find(address_options, argument.substr(0, argument.find('='))) != std::end(address_options)) {
        usage_error(
            fmt::format("unknown option {}: host and port are not options (porter HOST PORT)", escape(argument)));
    }
    std::vector<std::string> known;
    for (auto const* option : app.get_options()) {
        for (auto const& one : option->get_lnames()) known.push_back("--" + one);
    }
    usage_error(config::unknown_argument(argument, std::vector<std::string_view>{known.begin(), known.end()}));
}

host_key_policy host_key_policy_of(std::optional<std::string> const& key, bool first_use, bool plain)
{
    if (!key) return first_use ? host_key_policy::accept_new : host_key_policy::strict;
    if (plain) usage_error("--trust has no effect with --plain: over plain TCP the server has no key");
    if (first_use) usage_error("--trust accepts one key and --trust-first-use any key: choose one");
    if (!is_fingerprint(*key)) {
        usage_error(
            fmt::format("--trust: {} is not a fingerprint (SHA256: and 43 characters of base64)", escape(*key)));
    }
    return host_key_policy::key(*key);
}

template <typename T>
T value_of(std::string const& option, config::parsed<T> const& parsed)
{
    if (!parsed) usage_error(fmt::format("{}: {}", option, parsed.error()));
    return *parsed;
}

/// The error for HOST:PORT, which other programs accept, shows the right form.
std::string host_of(std::string const& typed, std::optional<std::uint16_t> port)
{
    auto const host = config::parse_host(typed);
    if (host) return *host;
    auto const both = config::split_host_and_port(typed);
    if (!both) usage_error(fmt::format("HOST: {}", host.error()));
    usage_error(fmt::format("HOST: {} (porter {} {})", host.error(), both->host, port.value_or(both->port)));
}

void reject_extras(CLI::App const& app)
{
    auto extras = app.remaining();
    auto const end_of_options = std::ranges::find(extras, "--");  // CLI11 leaves it among the extras
    if (end_of_options != extras.end()) extras.erase(end_of_options);
    auto const option = std::ranges::find_if(extras, [](auto const& one) { return one.starts_with('-'); });
    if (!extras.empty()) reject_unknown(app, option == extras.end() ? extras.front() : *option);
}

void read_operands(porter_options& options, std::vector<std::string> const& operands, CLI::App const& app)
{
    if (operands.size() > 2) reject_unknown(app, operands[2]);
    if (operands.size() > 1) options.port = value_of("PORT", config::parse_port(operands[1], 1));
    if (!operands.empty()) options.host = host_of(operands[0], options.port);
}

/// The port may be left out: a script that names only the host is not asked.
void check_tunnel_options(porter_options& options, CLI::App const& app)
{
    if (options.listen && options.stdio) usage_error("--listen and --stdio: choose one");
    if (!options.port_file.empty() && (!options.listen || !options.listen->path.empty())) {
        usage_error("--port-file needs --listen with a port");
    }
    if (!options.is_tunnel()) return;
    for (auto const* const name : {"--json", "--linger"}) {
        if (app.count(name) > 0) usage_error(fmt::format("{} has no effect with --listen and --stdio", name));
    }
    if (options.host && !options.port) options.port = default_port;
}

std::string options_help()
{
    return R"(usage: porter [HOST] [PORT] [options]

Connects to a Porter server. On a terminal it asks for missing options, sends
each line that you type and prints each text received. Otherwise it sends each
line of its input as a text and prints each text received as a line.

account:
  --name NAME            default: the name that the server knows this address by
  --register             register an account
  --redeem               redeem the code of an invitation, which registers an
                         account, or of a reset, which gives yours another
                         password
  --code-file FILE       the code, in a file of one line; implies --redeem
  --password-file FILE   the password, in a file of one line
  --no-save              do not save the session; if a password opened it, end
                         it at exit

trust:
  --tls                  TLS 1.3 with a trusted server; the default
  --plain                no TLS: the network can read and change everything
  --trust FINGERPRINT    for a new server: accept this key only
  --trust-first-use      for a new server: accept any key and save it

local programs:
  --listen WHERE         accept local programs and give each its own connection;
                         WHERE is PORT (of 127.0.0.1; 0: any free port),
                         ADDRESS:PORT or unix:PATH
  --port-file FILE       with --listen: a file with the port, while it listens
  --stdio                pass stdin and stdout through one connection

input and output:
  --json                 print messages as JSON, an object a line:
                         {"text": "..."}, or {"data": "..."} with the bytes in
                         base64
  --quiet                print no greeting, only messages and errors
  --timeout TIME         limit for connecting and for the reply to each request
                         (20s)
  --linger TIME          after the end of input: how long to wait for another
                         text (2s)

other:
  --                     end of options: HOST and PORT follow
  -h, --help             print this text
  --version              print the version

)";
}

std::string notes_help()
{
    return R"(Times are integers with ms, s, m, h or d (bare: seconds).

On a terminal /help lists the commands; //x sends /x. Ctrl-C clears the line, or
quits if it is empty. An empty password asks for the name again, and whether it
is a new account. At a question /quit, Ctrl-C and Ctrl-D quit.

Sessions are saved in $XDG_STATE_HOME/porter/sessions, else in
~/.local/state/porter/sessions. A server is trusted if the file known_servers
beside it has its key, or if a certificate authority of this system certifies
the key. Otherwise you are asked, or one of the --trust options decides; the key
is then saved in known_servers, and any other key is rejected from then on.

With --listen and --stdio bytes pass through unchanged, both ways, and nothing
is asked: they take a saved session or --password-file. PORT may be left out
then (7678).

exit codes:
  0   success
  64  wrong usage, or an option is missing
  65  a line cannot be sent, or a file has no code
  66  no such password or code file
  69  cannot connect or listen
  73  cannot create the port file
  75  temporary failure: try again later
  76  protocol error
  77  denied, or the server is not trusted
  78  others could have written the state files, or too few open files

examples:
  porter                                    asks for everything
  porter localhost 7678 --name Alice --register
                                            registers an account
  porter example.org --redeem               asks for a code, a name and a new
                                            password
  porter example.org 7678 --trust SHA256:...
                                            asks nothing about the server
  porter localhost 7678 < letter.txt        resumes the saved session
  date | porter localhost 7678 --name Alice --password-file pw --no-save --quiet
  porter --listen 5432 db.example.org       for: psql -h localhost
  ssh -o ProxyCommand='porter --stdio %h' gate.example.org
)";
}

}  // namespace

porter_options parse_porter_options(std::vector<std::string> arguments)
{
    porter_options options;
    std::vector<std::string> operands;
    std::string timeout;
    std::string linger;
    bool no_save = false;
    bool tls = false;
    bool first_use = false;
    std::optional<std::string> trusted_key;
    std::optional<std::string> listen;

    CLI::App app;
    app.set_help_flag();
    app.allow_extras();  // rejected below, with our own message
    app.add_flag("-h,--help", options.help);
    app.add_flag("--version", options.version);
    app.add_option("operands", operands);
    app.add_option("--name", options.name);
    app.add_flag("--register", options.register_account);
    app.add_flag("--redeem", options.redeem);
    app.add_option("--code-file", options.code_file);
    app.add_option("--password-file", options.password_file);
    app.add_flag("--no-save", no_save);
    app.add_flag("--plain", options.plain);
    app.add_flag("--tls", tls);
    app.add_option("--trust", trusted_key);
    app.add_flag("--trust-first-use", first_use);
    app.add_flag("--json", options.json);
    app.add_flag("--quiet", options.quiet);
    app.add_option("--timeout", timeout);
    app.add_option("--linger", linger);
    app.add_option("--listen", listen);
    app.add_option("--port-file", options.port_file);
    app.add_flag("--stdio", options.stdio);
    std::ranges::reverse(arguments);  // the order that CLI11 takes a vector in
    try {
        app.parse(std::move(arguments));
    } catch (CLI::ParseError const& error) {
        usage_error(fmt::format("{} (--help)", escape(error.what())));
    }

    reject_extras(app);
    if (app.count("--name") > 0 && options.name.empty()) usage_error("--name: the name is empty");
    if (app.count("--code-file") > 0 && options.code_file.empty()) usage_error("--code-file: the path is empty");
    if (!options.code_file.empty()) options.redeem = true;
    if (tls && options.plain) usage_error("--tls and --plain: choose one");
    options.host_key_policy = host_key_policy_of(trusted_key, first_use, options.plain);
    read_operands(options, operands, app);
    if (!timeout.empty()) options.timeout = value_of("--timeout", config::parse_duration(timeout));
    if (!linger.empty()) options.linger = value_of("--linger", config::parse_duration(linger));
    if (options.timeout.count() == 0) usage_error("--timeout: it must be more than 0");
    options.save = !no_save;
    if (listen) options.listen = value_of("--listen", parse_listen_address(*listen));
    check_tunnel_options(options, app);
    return options;
}

std::string porter_help()
{
    return options_help() + notes_help();
}

}  // namespace porter::programs
