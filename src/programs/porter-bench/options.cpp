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

constexpr unsigned most_connections = 1'000'000;
constexpr unsigned most_threads = 256;
constexpr unsigned most_depth = 65'536;
constexpr std::uint64_t most_rate = 100'000'000;
constexpr std::uint64_t most_payload = (16 << 20) - 1;  // the greatest --max-frame, without the kind

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
T number_of(std::string const& option, std::string const& text, std::uint64_t least, std::uint64_t most)
{
    return static_cast<T>(value_of(option, config::parse_number(text, least, most)));
}

/// "1,64,1000"
std::vector<unsigned> numbers_of(std::string const& option, std::string const& text)
{
    std::vector<unsigned> numbers;
    for (std::size_t begin = 0; begin <= text.size();) {
        auto const end = std::min(text.find(',', begin), text.size());
        numbers.push_back(number_of(option, text.substr(begin, end - begin), 1, most_connections));
        begin = end + 1;
    }
    return numbers;
}

/// What CLI11 collects: texts, which are judged afterwards.
struct given {
    std::vector<std::string> where;
    std::optional<std::string> connections, depth, rate, payload, duration, warm_up, timeout, threads, accounts, server;
    bool data = false;
    bool cyrillic = false;
};

void declare(CLI::App& app, given& texts, bench_options& read)
{
    app.set_help_flag();
    app.allow_extras();  // refused below, in words of our own
    app.add_flag("-h,--help", read.help);
    app.add_flag("--version", read.version);
    app.add_option("where", texts.where);
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
    app.add_flag("--busy-poll", read.config.busy_poll);
    app.add_option("--accounts", texts.accounts);
    app.add_option("--server-pid", texts.server);
    app.add_flag("--plain", read.config.plain);
    app.add_flag("--tls", read.config.secure);
    app.add_flag("--json", read.json);
    app.add_option("--plot", read.plot_file);
    app.add_flag("--quiet", read.quiet);
}

void take_place(std::vector<std::string> const& where, bench::config& plan)
{
    if (where.empty()) usage_error("MODE is missing: echo, resume, login, register or idle");
    auto const what = bench::mode_named(where[0]);
    if (!what) usage_error("MODE: \"" + base::escape(where[0]) + "\" is not echo, resume, login, register or idle");
    plan.mode = *what;
    if (where.size() > 1) plan.host = value_of("HOST", config::parse_host(where[1]));
    if (where.size() > 2) plan.port = value_of("PORT", config::parse_port(where[2], 1));
}

void take_numbers(given const& texts, bench::config& plan)
{
    if (texts.connections) plan.connections = numbers_of("--connections", *texts.connections);
    if (texts.depth) plan.depth = number_of("--depth", *texts.depth, 1, most_depth);
    if (texts.rate) plan.rate = static_cast<double>(number_of<std::uint64_t>("--rate", *texts.rate, 1, most_rate));
    if (texts.payload) plan.payload = value_of("--payload", config::parse_size(*texts.payload));
    if (texts.duration) plan.duration = value_of("--duration", config::parse_duration(*texts.duration));
    if (texts.warm_up) plan.warm_up = value_of("--warm-up", config::parse_duration(*texts.warm_up));
    if (texts.timeout) plan.timeout = value_of("--timeout", config::parse_duration(*texts.timeout));
    if (texts.threads) plan.threads = number_of("--threads", *texts.threads, 1, most_threads);
    if (texts.accounts) plan.accounts = number_of("--accounts", *texts.accounts, 1, most_connections);
    if (texts.server) plan.server = number_of<::pid_t>("--server-pid", *texts.server, 1, 1 << 22);
}

void reject_contradictions(given const& texts, bench::config const& plan)
{
    auto const name = std::string{bench::name_of(plan.mode)};
    if (plan.payload > most_payload) usage_error("--payload: no server takes more than 16 MiB - 1 in a message");
    if (plan.duration.count() == 0) usage_error("--duration: nothing is measured in no time");
    if (plan.timeout.count() == 0) usage_error("--timeout: no server answers in no time");
    if (plan.secure && plan.plain) usage_error("--tls and --plain: one of them");
    if (texts.data && texts.cyrillic) usage_error("--data and --cyrillic: one of them");
    if (texts.depth && texts.rate) usage_error("--depth is the closed loop's, --rate the open loop's: one of them");
    if (texts.depth && plan.mode != bench::mode::echo) usage_error("--depth: in the mode " + name + " there is none");
    if (texts.rate && plan.mode == bench::mode::idle) usage_error("--rate: in the mode idle there is none");
}

}  // namespace

bench_options parse_bench_options(std::vector<std::string> arguments)
{
    bench_options read;
    given texts;
    CLI::App app;
    declare(app, texts, read);
    std::ranges::reverse(arguments);  // the order that CLI11 takes a vector in
    try {
        app.parse(std::move(arguments));
    } catch (CLI::ParseError const& error) {
        usage_error(base::escape(error.what()) + " (--help)");
    }
    if (read.help || read.version) return read;
    auto const extras = app.remaining();
    auto const option = std::ranges::find_if(extras, [](auto const& one) { return one.starts_with('-'); });
    if (!extras.empty()) reject_unknown(app, option == extras.end() ? extras.front() : *option);
    if (texts.where.size() > 3) reject_unknown(app, texts.where[3]);
    take_place(texts.where, read.config);
    take_numbers(texts, read.config);
    if (texts.data) read.config.kind = bench::content::data;
    if (texts.cyrillic) read.config.kind = bench::content::cyrillic;
    reject_contradictions(texts, read.config);
    return read;
}

std::string bench_help()
{
    return R"(usage: porter-bench MODE [HOST] [PORT] [options]

Makes load on a Porter server and measures it. HOST is localhost and PORT 7678 if they are not given.

modes:
  echo                   connections that stay; each message comes back
  resume                 visits: connect, resume a session, one message and its echo, leave
  login                  visits: connect, log in with a password, leave
  register               visits: connect, make an account (identify access: say a name), leave
  idle                   connections that stay and are silent, to see what memory each takes

options:
  -c, --connections N    at once (64); several as N,N,...: one measurement after another
  -d, --depth N          closed loop: messages under way on each connection (1)
  -r, --rate N           open loop: messages or visits a second, of all connections together, whatever the
                         server does; latency counts from the moment that each was planned for
  -s, --payload SIZE     of a message, such as 64 or 16KiB (64)
  --data                 data messages instead of texts
  --cyrillic             texts of Cyrillic letters (two bytes each) instead of ASCII
  -t, --duration TIME    that is measured (10s)
  --warm-up TIME         that is not, before it (1s)
  --timeout TIME         how long an answer may take (20s)
  --threads N            that make the load (1)
  --busy-poll            the load never sleeps, so that the server need not wake it: for a CPU of its own
  --accounts N           to register first, where they are needed: at most 8 for echo and idle, 1 for resume,
                         half of the connections for login
  --server-pid PID       the server's process on this machine: its CPU and memory are measured, too
  --tls                  over TLS, whatever key the server has
  --plain                go unencrypted to another machine
  --json                 the figures as JSON
  --plot FILE            the figures as a picture (SVG)
  --quiet                no progress, no title
  -h, --help             this text
  --version              the version

A plain porterd limits the connections and new accounts of one address; start it without that for a measurement:
porterd --max-connections-per-address 0 --max-registrations-per-address 0. Where access needs accounts they are registered over the wire
(names that begin with "bench"), so it takes --registration open and a data folder of its own.

exit codes: 0 ok; else some connections met errors, which are counted, and the figures are worth nothing:
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
