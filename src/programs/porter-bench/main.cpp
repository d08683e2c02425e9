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

exit_code exit_code_of(bench::fault_kind kind)
{
    switch (kind) {
        case bench::fault_kind::unreachable:
            return exit_code::unreachable;
        case bench::fault_kind::refused:
            return exit_code::refused;
        case bench::fault_kind::temporary_failure:
        case bench::fault_kind::timed_out:
            return exit_code::temporary_failure;
        case bench::fault_kind::protocol:
            return exit_code::protocol;
        case bench::fault_kind::machine:
            return exit_code::io;
    }
    return exit_code::defect;
}

void report_error(std::string const& line)
{
    fmt::print(stderr, "porter-bench: {}\n", line);
}

/// Raises the limit of open files as far as allowed: each connection needs a descriptor.
void raise_descriptor_limit(unsigned connections)
{
    constexpr ::rlim_t others = 64;  // files, the poller's, and connections being closed
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

/// Reports each fault and its count; returns the exit code of the most frequent one.
exit_code report_faults(std::vector<bench::figures> const& all)
{
    auto exit = exit_code::ok;
    std::uint64_t max = 0;
    for (auto const& one : all) {
        for (auto const& [reason, tally] : one.faults) {
            report_error(fmt::format("{} of {} connections: {}", tally.count, one.connections, reason));
            if (tally.count > max) exit = exit_code_of(tally.kind);
            max = std::max(max, tally.count);
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
    auto const& config = options.config;
    raise_descriptor_limit(*std::ranges::max_element(config.connections));
    if (config.server && !bench::usage_of(*config.server)) {
        throw option_error(exit_code::not_found, fmt::format("--server-pid: there is no process {}", *config.server));
    }
    auto const on_register = [](unsigned index, unsigned count) {
        if (index == 0) fmt::print(stderr, "registering {} account{} ...\n", count, count == 1 ? "" : "s");
    };
    auto const target = bench::target::set_up(config, options.quiet ? [](unsigned, unsigned) {} : +on_register);
    if (!target) throw option_error(exit_code_of(target.error().kind), config.host + ": " + target.error().reason);

    progress_bar bar{!options.quiet};
    std::vector<bench::figures> all;
    std::uint64_t next_number = 0;
    for (auto const connections : config.connections) {
        all.push_back(bench::measure(config, *target, connections, next_number,
                                     [&](auto const& progress) { bar.show(progress); }));
        if (all.back().fault_count() > 0) break;
    }
    bar.clear();
    if (options.json) {
        fmt::print("{}", detail::terminal::printable_json(bench::json(config, *target, all)));
    } else {
        if (!options.quiet) fmt::print("{}\n", bench::title(config, *target));
        fmt::print("{}", bench::table(config, all));
    }
    if (!options.plot_file.empty()) write_file(options.plot_file, bench::plot(bench::title(config, *target), all));
    return report_faults(all);
}

}  // namespace

}  // namespace porter::programs

int main(int argc, char** argv)
{
    using namespace porter::programs;
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write
    porter::detail::terminal::protect_memory();
    auto exit = exit_code::defect;
    try {
        exit = run({argv + (argc > 0 ? 1 : 0), argv + argc});
        if (std::fflush(stdout) != 0) exit = exit_code::io;
    } catch (option_error const& error) {
        report_error(error.what());
        exit = error.exit();
    } catch (std::exception const& error) {
        report_error(porter::detail::base::escape(error.what()));
    }
    return static_cast<int>(exit);
}
