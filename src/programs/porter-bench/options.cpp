#include "programs/porter-bench/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "config/host.hpp"
#include "config/option.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace bench = detail::bench;
namespace config = detail::config;

constexpr unsigned max_connections = 1'000'000;
constexpr unsigned max_threads = 256;
constexpr unsigned max_depth = 65'536;
constexpr std::uint64_t max_rate = 100'000'000;
constexpr std::uint64_t max_payload = (16 << 20) - 1;  // the largest --max-frame, without the kind

[[noreturn]] void usage_error(std::string const& line)
{
    throw config::option_error(config::exit_code::usage, line);
}

[[noreturn]] void reject_unknown(CLI::App const& app, std::string const& argument)
{
    std::vector<std::string> known;
    for (auto const* option : app.get_options()) {
        for (auto const& one : option->get_lnames()) known.push_back("--" + one);
    }
    usage_error(config::unknown_argument(argument, std::vector<std::string_view>{known.begin(), known.end()}));
}

template <typename T>
T value_of(std::string const& option, config::parsed<T> const& parsed)
{
    if (!parsed) usage_error(option + ": " + parsed.error());
    return *parsed;
}

template <typename T = unsigned>
T number_of(std::string const& option, std::string const& text, std::uint64_t min, std::uint64_t max)
{
    return static_cast<T>(value_of(option, config::parse_number(text, min, max)));
}

/// "1,64,1000"
std::vector<unsigned> numbers_of(std::string const& option, std::string const& text)
{
    std::vector<unsigned> numbers;
    for (std::size_t begin = 0; begin <= text.size();) {
        auto const end = std::min(text.find(',', begin), text.size());
        numbers.push_back(number_of(option, text.substr(begin, end - begin), 1, max_connections));
        begin = end + 1;
    }
    return numbers;
}

/// The values of the options as texts.
struct option_texts {
    std::vector<std::string> arguments;
    std::optional<std::string> connections, depth, rate, payload, duration, warm_up, timeout, threads, accounts, server;
    bool data = false;
    bool cyrillic = false;
};

void declare(CLI::App& app, option_texts& texts, bench_options& options)
{
    app.set_help_flag();
    app.allow_extras();  // rejected below with our own messages
    app.add_flag("-h,--help", options.help);
    app.add_flag("--version", options.version);
    app.add_option("arguments", texts.arguments);
    app.add_option("-c,--connections", texts.connections);
    app.add_option("-d,--depth", texts.depth);
    app.add_option("-r,--rate", texts.rate);
    app.add_option("-s,--payload", texts.payload);
    app.add_flag("--data", texts.data);
    app.add_flag("--cyrillic", texts.cyrillic);
    app.add_option("-t,--duration", texts.duration);
    app.add_option("--warm-up", texts.warm_up);
    app.add_option("--timeout", texts.timeout);
    app.add_option("--threads", texts.threads);
    app.add_flag("--busy-poll", options.config.busy_poll);
    app.add_option("--accounts", texts.accounts);
    app.add_option("--server-pid", texts.server);
    app.add_flag("--plain", options.config.plain);
    app.add_flag("--tls", options.config.tls);
    app.add_flag("--json", options.json);
    app.add_option("--plot", options.plot_file);
    app.add_flag("--quiet", options.quiet);
}

void read_arguments(std::vector<std::string> const& arguments, bench::config& settings)
{
    if (arguments.empty()) usage_error("MODE is missing: echo, resume, login, register or idle");
    auto const mode = bench::parse_mode(arguments[0]);
    if (!mode) usage_error("MODE: \"" + base::escape(arguments[0]) + "\" is not echo, resume, login, register or idle");
    settings.mode = *mode;
    if (arguments.size() > 1) settings.host = value_of("HOST", config::parse_host(arguments[1]));
    if (arguments.size() > 2) settings.port = value_of("PORT", config::parse_port(arguments[2], 1));
}

void read_numbers(option_texts const& texts, bench::config& settings)
{
    if (texts.connections) settings.connections = numbers_of("--connections", *texts.connections);
    if (texts.depth) settings.depth = number_of("--depth", *texts.depth, 1, max_depth);
    if (texts.rate) settings.rate = static_cast<double>(number_of<std::uint64_t>("--rate", *texts.rate, 1, max_rate));
    if (texts.payload) settings.payload = value_of("--payload", config::parse_size(*texts.payload));
    if (texts.duration) settings.duration = value_of("--duration", config::parse_duration(*texts.duration));
    if (texts.warm_up) settings.warm_up = value_of("--warm-up", config::parse_duration(*texts.warm_up));
    if (texts.timeout) settings.timeout = value_of("--timeout", config::parse_duration(*texts.timeout));
    if (texts.threads) settings.threads = number_of("--threads", *texts.threads, 1, max_threads);
    if (texts.accounts) settings.accounts = number_of("--accounts", *texts.accounts, 1, max_connections);
    if (texts.server) settings.server = number_of<::pid_t>("--server-pid", *texts.server, 1, 1 << 22);
}

void reject_contradictions(option_texts const& texts, bench::config const& settings)
{
    auto const name = std::string{bench::name_of(settings.mode)};
    if (settings.payload > max_payload) usage_error("--payload: at most 16 MiB - 1 fit into a message");
    if (settings.duration.count() == 0) usage_error("--duration: must be more than 0");
    if (settings.timeout.count() == 0) usage_error("--timeout: must be more than 0");
    if (settings.tls && settings.plain) usage_error("--tls and --plain exclude each other");
    if (texts.data && texts.cyrillic) usage_error("--data and --cyrillic exclude each other");
    if (texts.depth && texts.rate) usage_error("--depth is for the closed loop, --rate for the open loop");
    if (texts.depth && settings.mode != bench::mode::echo) usage_error("--depth: not in the mode " + name);
    if (texts.rate && settings.mode == bench::mode::idle) usage_error("--rate: not in the mode idle");
}

}  // namespace

bench_options parse_bench_options(std::vector<std::string> arguments)
{
    bench_options options;
    option_texts texts;
    CLI::App app;
    declare(app, texts, options);
    std::ranges::reverse(arguments);  // CLI11 expects a vector in this order
    try {
        app.parse(std::move(arguments));
    } catch (CLI::ParseError const& error) {
        usage_error(base::escape(error.what()) + " (--help)");
    }
    if (options.help || options.version) return options;
    auto const extras = app.remaining();
    auto const option = std::ranges::find_if(extras, [](auto const& one) { return one.starts_with('-'); });
    if (!extras.empty()) reject_unknown(app, option == extras.end() ? extras.front() : *option);
    if (texts.arguments.size() > 3) reject_unknown(app, texts.arguments[3]);
    read_arguments(texts.arguments, options.config);
    read_numbers(texts, options.config);
    if (texts.data) options.config.content = bench::content::data;
    if (texts.cyrillic) options.config.content = bench::content::cyrillic;
    reject_contradictions(texts, options.config);
    return options;
}

std::string bench_help()
{
    return R"(usage: porter-bench MODE [HOST] [PORT] [options]

Generates load on a Porter server and measures it. HOST is localhost and PORT 7678 if they are not given.

modes:
  echo                   persistent connections; each message is echoed
  resume                 short connections: connect, resume a session, one message and its echo, close
  login                  short connections: connect, log in with a password, close
  register               short connections: connect, register an account (identify access: a name), close
  idle                   persistent connections that send nothing, to measure the memory of each

options:
  -c, --connections N    concurrent connections (64); N,N,...: one measurement for each
  -d, --depth N          closed loop: unanswered messages on each connection (1)
  -r, --rate N           open loop: messages or short connections a second, in all, regardless of the server;
                         latency counts from the scheduled time
  -s, --payload SIZE     bytes in a message, such as 64 or 16KiB (64)
  --data                 data messages instead of texts
  --cyrillic             texts of Cyrillic letters (two bytes each) instead of ASCII
  -t, --duration TIME    of the measurement (10s)
  --warm-up TIME         load before the measurement (1s)
  --timeout TIME         for a reply (20s)
  --threads N            that generate the load (1)
  --busy-poll            poll instead of sleeping, so that the server need not wake the load; needs a CPU of its own
  --accounts N           accounts to register first, if access needs them (echo and idle: at most 8; resume: 1;
                         login: half of the connections)
  --server-pid PID       the server's process on this machine, to measure its CPU time and memory
  --tls                  use TLS and accept any server key
  --plain                connect to another machine without encryption
  --json                 print the figures as JSON
  --plot FILE            draw the figures (SVG)
  --quiet                no progress, no title
  -h, --help             this text
  --version              the version

By default porterd limits the connections and new accounts of one address. For a measurement start it with
--max-connections-per-address 0 --max-registrations-per-address 0. porter-bench registers the accounts that it
needs (their names begin with "bench"): the server needs --registration open and a data folder of its own.

exit codes: 0 ok; otherwise connections had errors, which are counted, and the figures are invalid:
64 usage, 66 no such process, 69 cannot connect, 73 cannot write the plot, 74 no descriptors left,
75 busy or too slow, 76 protocol error, 77 refused.

examples:
  porter-bench echo localhost 7678 -c 1,64,1000 --depth 16 --plot echo.svg
  porter-bench echo localhost 7678 -c 100 --rate 20000 --duration 30s
  porter-bench login localhost 7678 -c 8 --server-pid $(pidof porterd)
  porter-bench idle localhost 7678 -c 8000 --server-pid $(pidof porterd) --json
)";
}

}  // namespace porter::programs
