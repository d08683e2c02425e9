#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "bench/measurement.hpp"
#include "bench/plot.hpp"
#include "bench/report.hpp"
#include "bench/server_process.hpp"
#include "config/option_error.hpp"
#include "porter/version.hpp"
#include "programs/porter-bench/options.hpp"
#include "programs/porter-bench/progress_bar.hpp"
#include "terminal/json.hpp"
#include "terminal/process.hpp"

namespace porter::programs {

namespace {

namespace bench = detail::bench;
using detail::config::exit_code;
using detail::config::option_error;

exit_code exit_code_of(bench::fault::kind what)
{
    switch (what) {
        case bench::fault::kind::unreachable:
            return exit_code::unreachable;
        case bench::fault::kind::refused:
            return exit_code::refused;
        case bench::fault::kind::temporary_failure:
        case bench::fault::kind::timed_out:
            return exit_code::temporary_failure;
        case bench::fault::kind::protocol:
            return exit_code::protocol;
        case bench::fault::kind::machine:
            return exit_code::io;
    }
    return exit_code::defect;
}

void complain(std::string const& line)
{
    fmt::print(stderr, "porter-bench: {}\n", line);
}

/// Each connection takes a descriptor; what the administrator allows is taken.
void make_room_for(unsigned connections)
{
    constexpr ::rlim_t others = 64;  // files, the poller's, and connections that are about to be closed
    ::rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (connections + others > limit.rlim_cur) {
        throw option_error(exit_code::usage,
                           fmt::format("--connections: this process may open {} files (ulimit -Hn), and {} "
                                       "connections need {}",
                                       limit.rlim_cur, connections, connections + others));
    }
}

void write_file(std::string const& path, std::string const& text)
{
    std::ofstream out{path, std::ios::binary};
    out << text << std::flush;
    if (!out) throw option_error(exit_code::cannot_create, "cannot write " + detail::base::escape(path));
}

/// Says what went wrong and how often; the exit code is that of the most frequent fault.
exit_code judge(std::vector<bench::figures> const& all)
{
    auto exit = exit_code::ok;
    std::uint64_t most = 0;
    for (auto const& one : all) {
        for (auto const& [reason, counted] : one.faults) {
            complain(fmt::format("{} of {} connections: {}", counted.count, one.connections, reason));
            if (counted.count > most) exit = exit_code_of(counted.code);
            most = std::max(most, counted.count);
        }
    }
    return exit;
}

exit_code run(std::vector<std::string> arguments)
{
    auto const options = parse_bench_options(std::move(arguments));
    if (options.help || options.version) {
        fmt::print("{}", options.help ? bench_help() : "porter-bench " + std::string{version} + '\n');
        return exit_code::ok;
    }
    auto const& plan = options.config;
    make_room_for(*std::ranges::max_element(plan.connections));
    if (plan.server && !bench::usage_of(*plan.server)) {
        throw option_error(exit_code::not_found, fmt::format("--server-pid: there is no process {}", *plan.server));
    }
    auto const tell = [](unsigned made, unsigned of) {
        if (made == 0) fmt::print(stderr, "registering {} account{} ...\n", of, of == 1 ? "" : "s");
    };
    auto const door = bench::target::set_up(plan, options.quiet ? [](unsigned, unsigned) {} : +tell);
    if (!door) throw option_error(exit_code_of(door.error().code), plan.host + ": " + door.error().reason);

    progress_bar bar{!options.quiet};
    std::vector<bench::figures> all;
    std::uint64_t visits = 0;
    for (auto const connections : plan.connections) {
        all.push_back(bench::measure(plan, *door, connections, visits, [&](auto const& now) { bar.show(now); }));
        if (all.back().fault_count() > 0) break;
    }
    bar.clear();
    if (options.json) {
        fmt::print("{}", detail::terminal::printable_json(bench::json(plan, *door, all)));
    } else {
        if (!options.quiet) fmt::print("{}\n", bench::title(plan, *door));
        fmt::print("{}", bench::table(plan, all));
    }
    if (!options.plot_file.empty()) write_file(options.plot_file, bench::plot(bench::title(plan, *door), all));
    return judge(all);
}

}  // namespace

}  // namespace porter::programs

int main(int argc, char** argv)
{
    using namespace porter::programs;
    std::signal(SIGPIPE, SIG_IGN);  // a reader that goes is an error of the write
    porter::detail::terminal::protect_memory();
    auto exit = exit_code::defect;
    try {
        exit = run({argv + (argc > 0 ? 1 : 0), argv + argc});
        if (std::fflush(stdout) != 0) exit = exit_code::io;
    } catch (option_error const& error) {
        complain(error.what());
        exit = error.exit();
    } catch (std::exception const& error) {
        complain(porter::detail::base::escape(error.what()));
    }
    return static_cast<int>(exit);
}
