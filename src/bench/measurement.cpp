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

/// One load thread: its connections, and what it wrote down.
struct summary {
    summary(config const& wanted, target const& door, connection_pool::share of) : clients(wanted, door, of) {}

    void work(bool stays, bool planned, start_barrier& with)
    {
        std::exception_ptr failed;
        try {
            if (stays) clients.start_login();
            auto const when = with.arrive();
            notes = std::make_unique<recorder>(when, planned);
            written.store(notes.get());
            auto const before = usage_of_this_thread();
            auto const began = steady_clock::now();
            clients.measure(when, *notes);
            auto const after = usage_of_this_thread();
            auto const lasted = seconds{steady_clock::now() - began};
            cpu_share = (after.cpu - before.cpu) / lasted;
            waited_share = (after.waited - before.waited) / lasted;
        } catch (...) {
            failed = std::current_exception();  // rethrown by the thread that measures
        }
        with.leave(failed);
    }

    std::uint64_t done() const noexcept
    {
        auto const* const now = written.load();
        return now ? now->done() : 0;
    }

    connection_pool clients;
    std::unique_ptr<recorder> notes;
    std::atomic<recorder const*> written{nullptr};
    double cpu_share = 0;  // of the time that it made load, the warm-up included
    double waited_share = 0;
};

/// What is read at both ends of the window.
struct sample {
    moment when;
    std::uint64_t done = 0;
    std::optional<usage> server;
};

class measurement {
public:
    measurement(config const& wanted, target const& door, unsigned connections, std::uint64_t first_visit,
                std::function<void(progress const&)> const& report)
        : config_(wanted),
          connections_(connections),
          report_(report),
          threads_(std::min(wanted.threads, connections)),
          barrier_(threads_)
    {
        if (config_.server) before_ = usage_of(*config_.server);
        for (unsigned lane = 0; lane < threads_; ++lane) {
            auto const places = connections * (lane + 1) / threads_ - connections * lane / threads_;
            hands_.emplace_back(wanted, door, connection_pool::share{lane, threads_, places, first_visit});
        }
    }

    figures run()
    {
        std::vector<std::jthread> threads;
        for (auto& one : hands_) {
            threads.emplace_back([&] { one.work(stays(config_.mode), config_.rate.has_value(), barrier_); });
        }
        while (!barrier_.wait_until_all_ready(between_reports)) report_({connections_, 0, 0});
        auto const start = steady_clock::now() + config_.warm_up;
        barrier_.open({start, start + config_.duration});
        wait_until(start, start, start + config_.duration);
        auto const first = take();
        wait_until(start + config_.duration, start, start + config_.duration);
        auto const last = take();
        threads.clear();
        if (auto const failed = barrier_.failed()) std::rethrow_exception(failed);
        return sum_up(first, last);
    }

    std::uint64_t runs() const
    {
        std::uint64_t most = 0;
        for (auto const& one : hands_) most = std::max(most, one.clients.runs());
        return most * threads_;
    }

private:
    sample take() const
    {
        sample now{steady_clock::now(), done(), {}};
        if (config_.server) now.server = usage_of(*config_.server);
        return now;
    }

    std::uint64_t done() const
    {
        std::uint64_t sum = 0;
        for (auto const& one : hands_) sum += one.done();
        return sum;
    }

    void wait_until(moment until, moment start, moment stop)
    {
        auto last = steady_clock::now();
        auto before = done();
        while (last < until && !barrier_.wait_until_all_left(std::min(until, last + between_reports))) {
            auto const now = steady_clock::now();
            auto const so_far = done();
            auto const passed = std::clamp((now - start) / seconds{stop - start}, 0.0, 1.0);
            report_({connections_, passed, static_cast<double>(so_far - before) / seconds{now - last}.count()});
            last = now;
            before = so_far;
        }
    }

    figures sum_up(sample const& first, sample const& last) const
    {
        figures all;
        all.connections = connections_;
        all.measured = config_.duration;
        for (auto const& one : hands_) {
            if (one.notes) {
                all.done += one.notes->done_within();
                all.latencies.merge(one.notes->latencies());
            }
            all.load_cpu_share += one.cpu_share;
            all.load_waited_share += one.waited_share;
            for (auto const& [reason, counted] : one.clients.faults()) {
                all.faults[reason].code = counted.code;
                all.faults[reason].count += counted.count;
            }
        }
        auto const passed = seconds{last.when - first.when}.count();
        if (first.server && last.server) {
            auto const used = last.server->cpu - first.server->cpu;
            all.cpu_share = seconds{used}.count() / passed;
            if (last.done > first.done) all.cpu_each = used / (last.done - first.done);
            all.rss = last.server->rss;
            if (before_ && stays(config_.mode)) {
                auto const grown =
                    static_cast<std::int64_t>(last.server->rss) - static_cast<std::int64_t>(before_->rss);
                all.rss_each = grown / static_cast<std::int64_t>(connections_);
            }
        }
        return all;
    }

    config const& config_;
    unsigned connections_;
    std::function<void(progress const&)> const& report_;
    unsigned threads_;
    start_barrier barrier_;
    std::deque<summary> hands_;
    std::optional<usage> before_;
};

}  // namespace

figures measure(config const& wanted, target const& door, unsigned connections, std::uint64_t& visits,
                std::function<void(progress const&)> const& report)
{
    measurement one{wanted, door, connections, visits, report};
    auto taken = one.run();
    visits += one.runs();
    return taken;
}

}  // namespace porter::detail::bench
