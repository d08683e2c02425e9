#include "programs/porter/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "config/host.hpp"
#include "config/option.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;

[[noreturn]] void usage_error(std::string const& line)
{
    throw config::option_error(config::exit_code::usage, line);
}

[[noreturn]] void reject_unknown(CLI::App const& app, std::string const& argument)
{
    static constexpr std::string_view of_place[] = {"--port", "-p", "--host", "-H", "--server", "--address"};
    if (std::ranges::find(of_place, argument.substr(0, argument.find('='))) != std::end(of_place)) {
        usage_error(
            fmt::format("unknown option {}: host and port are no options (porter HOST PORT)", base::escape(argument)));
    }
    std::vector<std::string> known;
    for (auto const* option : app.get_options()) {
        for (auto const& one : option->get_lnames()) known.push_back("--" + one);
    }
    usage_error(config::unknown_argument(argument, std::vector<std::string_view>{known.begin(), known.end()}));
}

/// Whom the command line trusts apart from the known servers and the authorities.
host_key_policy host_key_policy_of(std::optional<std::string> const& key, bool first_use, bool plain)
{
    if (!key) return first_use ? host_key_policy::accept_new : host_key_policy::strict;
    if (plain) usage_error("--trust says nothing with --plain: whoever answers there shows no key");
    if (first_use) usage_error("--trust names the only key, and --trust-first-use takes any: choose one");
    if (!is_fingerprint(*key)) {
        usage_error("--trust: " + base::escape(*key) + " is no fingerprint: SHA256: and 43 letters of base64");
    }
    return host_key_policy::key(*key);
}

template <typename T>
T value_of(std::string const& option, config::parsed<T> const& parsed)
{
    if (!parsed) usage_error(option + ": " + parsed.error());
    return *parsed;
}

/// Also says what is meant where the port stands with the host, as other programs have it.
std::string host_of(std::string const& typed, std::optional<std::uint16_t> port)
{
    auto const host = config::parse_host(typed);
    if (host) return *host;
    auto const both = config::split_host_and_port(typed);
    if (!both) usage_error("HOST: " + host.error());
    usage_error(fmt::format("HOST: {} (porter {} {})", host.error(), both->host, port.value_or(both->port)));
}

}  // namespace

porter_options parse_porter_options(std::vector<std::string> arguments)
{
    porter_options read;
    std::vector<std::string> where;
    std::string timeout;
    std::string linger;
    bool no_save = false;
    bool tls = false;
    bool first_use = false;
    std::optional<std::string> trusted_key;

    CLI::App app;
    app.set_help_flag();
    app.allow_extras();  // refused below, in words of our own
    app.add_flag("-h,--help", read.help);
    app.add_flag("--version", read.version);
    app.add_option("where", where);
    app.add_option("--name", read.name);
    app.add_flag("--register", read.register_account);
    app.add_option("--password-file", read.password_file);
    app.add_flag("--no-save", no_save);
    app.add_flag("--plain", read.plain);
    app.add_flag("--tls", tls);
    app.add_option("--trust", trusted_key);
    app.add_flag("--trust-first-use", first_use);
    app.add_flag("--json", read.json);
    app.add_flag("--quiet", read.quiet);
    app.add_option("--timeout", timeout);
    app.add_option("--linger", linger);
    std::ranges::reverse(arguments);  // the order that CLI11 takes a vector in
    try {
        app.parse(std::move(arguments));
    } catch (CLI::ParseError const& error) {
        usage_error(base::escape(error.what()) + " (--help)");
    }

    auto extras = app.remaining();
    auto const end_of_options = std::ranges::find(extras, "--");  // CLI11 obeys it, and leaves it here
    if (end_of_options != extras.end()) extras.erase(end_of_options);
    auto const option = std::ranges::find_if(extras, [](auto const& one) { return one.starts_with('-'); });
    if (!extras.empty()) reject_unknown(app, option == extras.end() ? extras.front() : *option);
    if (app.count("--name") > 0 && read.name.empty()) usage_error("--name: the name is empty");
    if (tls && read.plain) usage_error("--tls and --plain: one of them");
    read.host_key_policy = host_key_policy_of(trusted_key, first_use, read.plain);
    if (where.size() > 2) reject_unknown(app, where[2]);
    if (where.size() > 1) read.port = value_of("PORT", config::parse_port(where[1], 1));
    if (!where.empty()) read.host = host_of(where[0], read.port);
    if (!timeout.empty()) read.timeout = value_of("--timeout", config::parse_duration(timeout));
    if (!linger.empty()) read.linger = value_of("--linger", config::parse_duration(linger));
    if (read.timeout.count() == 0) usage_error("--timeout: no server answers in no time");
    read.save = !no_save;
    return read;
}

std::string porter_help()
{
    return R"(usage: porter [HOST] [PORT] [options]

Talks to a Porter server. On a terminal it asks for what is missing and holds a
conversation. Elsewhere each line of its input is sent as a text, and each text
received is printed as a line.

who you are:
  --name NAME            default: the name that the server knows this address by
  --register             make an account
  --password-file FILE   the password, in a file of one line
  --no-save              keep no session for the next start: the one that a
                         password opened is ended at the end

which server is trusted:
  --tls                  TLS 1.3 with a server that is trusted; the default
  --plain                no TLS: everybody on the way reads along
  --trust FINGERPRINT    on a first visit: trust the server with this key alone
  --trust-first-use      on a first visit: trust whichever server answers

input and output:
  --json                 print what is received as JSON, an object a line:
                         {"text": "..."}, or {"data": "..."} with the bytes in
                         base64
  --quiet                no greeting; only what is received, and errors
  --timeout TIME         how long connecting and each answer about access may
                         take (20s)
  --linger TIME          after the end of input: how long to wait for another
                         text (2s)

other:
  --                     what follows is HOST and PORT, and no option
  -h, --help             this text
  --version              the version

Times are integers with ms, s, m, h or d (bare: seconds).

In a conversation /help lists what can be done; //x sends /x. Ctrl-C clears a
half-typed line, and leaves on an empty one. An empty answer to the question for
a password asks for the name again, and whether you are new; /quit there leaves.

Sessions are kept in $XDG_STATE_HOME/porter/sessions, else in
~/.local/state/porter/sessions. A server is trusted by its key in the file
known_servers beside them, else by this system's certificate authorities, else
on a first visit if you say so; its key is then kept in that file, and another
key is refused from then on.

exit codes:
  0   ok
  64  usage or a missing answer
  65  a line that cannot be sent
  69  cannot connect
  75  try again later
  76  protocol error
  77  refused, or the server is not trusted
  78  state that others could have written, or too few open files

examples:
  porter                                    asks for everything
  porter localhost 7678 --name Alice --register
                                            makes an account
  porter example.org 7678 --trust SHA256:...
                                            without a question about the server
  porter localhost 7678 < letter.txt        with the session that was kept
  date | porter localhost 7678 --name Alice --password-file pw --no-save --quiet
)";
}

}  // namespace porter::programs
