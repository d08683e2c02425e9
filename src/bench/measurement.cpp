#include "bench/measurement.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "bench/recorder.hpp"
#include "bench/server_process.hpp"
#include "bench/start_barrier.hpp"

namespace porter::detail::bench {

namespace {

using std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds between_reports{200};

/// A load thread's connections and results.
struct load_thread {
    load_thread(config const& config, target const& target, connection_pool::lane_share share)
        : pool(config, target, share)
    {}

    void run(bool persistent, bool is_open_loop, start_barrier& barrier)
    {
        std::exception_ptr error;
        try {
            if (persistent) pool.start_login();
            auto const window = barrier.arrive();
            results = std::make_unique<recorder>(window, is_open_loop);
            published.store(results.get());
            auto const before = usage_of_this_thread();
            auto const started = steady_clock::now();
            pool.measure(window, *results);
            auto const after = usage_of_this_thread();
            auto const elapsed = seconds{steady_clock::now() - started};
            cpu_share = (after.cpu - before.cpu) / elapsed;
            waited_share = (after.waited - before.waited) / elapsed;
        } catch (...) {
            error = std::current_exception();  // rethrown by the thread that measures
        }
        barrier.finish(error);
    }

    std::uint64_t done() const noexcept
    {
        auto const* const current = published.load();
        return current ? current->done() : 0;
    }

    connection_pool pool;
    std::unique_ptr<recorder> results;
    std::atomic<recorder const*> published{nullptr};
    double cpu_share = 0;  // of the whole load, with the warm-up
    double waited_share = 0;
};

/// Taken at both ends of the window.
struct sample {
    moment time;
    std::uint64_t done = 0;
    std::optional<usage> server;
};

class measurement {
public:
    measurement(bench::config const& config, target const& target, unsigned connections, std::uint64_t first_number,
                std::function<void(progress const&)> const& report)
        : config_(config),
          connections_(connections),
          report_(report),
          threads_(std::min(config.threads, connections)),
          barrier_(threads_)
    {
        if (config_.server) before_ = usage_of(*config_.server);
        for (unsigned lane = 0; lane < threads_; ++lane) {
            auto const count = connections * (lane + 1) / threads_ - connections * lane / threads_;
            load_threads_.emplace_back(config, target,
                                       connection_pool::lane_share{lane, threads_, count, first_number});
        }
    }

    figures run()
    {
        std::vector<std::jthread> threads;
        for (auto& thread : load_threads_) {
            threads.emplace_back([&] { thread.run(is_persistent(config_.mode), config_.rate.has_value(), barrier_); });
        }
        while (!barrier_.wait_until_all_ready(between_reports)) report_({connections_, 0, 0});
        auto const start = steady_clock::now() + config_.warm_up;
        barrier_.open({start, start + config_.duration});
        wait_until(start, start, start + config_.duration);
        auto const first = take_sample();
        wait_until(start + config_.duration, start, start + config_.duration);
        auto const last = take_sample();
        threads.clear();
        if (auto const error = barrier_.error()) std::rethrow_exception(error);
        return collect(first, last);
    }

    /// The connection numbers that were used.
    std::uint64_t used_numbers() const
    {
        std::uint64_t max = 0;
        for (auto const& thread : load_threads_) max = std::max(max, thread.pool.started());
        return max * threads_;
    }

private:
    sample take_sample() const
    {
        sample now{steady_clock::now(), done(), {}};
        if (config_.server) now.server = usage_of(*config_.server);
        return now;
    }

    std::uint64_t done() const
    {
        std::uint64_t sum = 0;
        for (auto const& thread : load_threads_) sum += thread.done();
        return sum;
    }

    void wait_until(moment until, moment start, moment stop)
    {
        auto last = steady_clock::now();
        auto before = done();
        while (last < until && !barrier_.wait_until_all_finished(std::min(until, last + between_reports))) {
            auto const now = steady_clock::now();
            auto const current = done();
            auto const passed = std::clamp((now - start) / seconds{stop - start}, 0.0, 1.0);
            report_({connections_, passed, static_cast<double>(current - before) / seconds{now - last}.count()});
            last = now;
            before = current;
        }
    }

    figures collect(sample const& first, sample const& last) const
    {
        figures all;
        all.connections = connections_;
        all.measured = config_.duration;
        for (auto const& thread : load_threads_) {
            if (thread.results) {
                all.done += thread.results->done_within();
                all.latencies.merge(thread.results->latencies());
            }
            all.load_cpu_share += thread.cpu_share;
            all.load_waited_share += thread.waited_share;
            for (auto const& [reason, tally] : thread.pool.faults()) {
                all.faults[reason].kind = tally.kind;
                all.faults[reason].count += tally.count;
            }
        }
        auto const passed = seconds{last.time - first.time}.count();
        if (first.server && last.server) {
            auto const used = last.server->cpu - first.server->cpu;
            all.cpu_share = seconds{used}.count() / passed;
            if (last.done > first.done) all.cpu_each = used / (last.done - first.done);
            all.rss = last.server->rss;
            if (before_ && is_persistent(config_.mode)) {
                auto const grown =
                    static_cast<std::int64_t>(last.server->rss) - static_cast<std::int64_t>(before_->rss);
                all.rss_each = grown / static_cast<std::int64_t>(connections_);
            }
        }
        return all;
    }

    bench::config const& config_;
    unsigned connections_;
    std::function<void(progress const&)> const& report_;
    unsigned threads_;
    start_barrier barrier_;
    std::deque<load_thread> load_threads_;
    std::optional<usage> before_;
};

}  // namespace

figures measure(config const& config, target const& target, unsigned connections, std::uint64_t& next_number,
                std::function<void(progress const&)> const& report)
{
    measurement measurement{config, target, connections, next_number, report};
    auto figures = measurement.run();
    next_number += measurement.used_numbers();
    return figures;
}

}  // namespace porter::detail::bench
