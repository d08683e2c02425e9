#include "bench/measurement.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "bench/meeting.hpp"
#include "bench/recorder.hpp"
#include "bench/server_process.hpp"

namespace porter::rooms::bench {

namespace {

using std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds between_reports{200};

/// One load thread: its connections, and what it wrote down.
struct hand {
    hand(plan const& wanted, scene const& door, crowd::share of) : visitors(wanted, door, of) {}

    void work(bool stays, bool planned, meeting& with)
    {
        std::exception_ptr failed;
        try {
            if (stays) visitors.enter();
            auto const when = with.arrive();
            notes = std::make_unique<recorder>(when, planned);
            written.store(notes.get());
            auto const before = usage_of_this_thread();
            auto const began = steady_clock::now();
            visitors.measure(when, *notes);
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

    crowd visitors;
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

class measuring {
public:
    measuring(plan const& wanted, scene const& door, unsigned connections, std::uint64_t first_visit,
              std::function<void(progress const&)> const& report)
        : plan_(wanted),
          connections_(connections),
          report_(report),
          threads_(std::min(wanted.threads, connections)),
          meeting_(threads_)
    {
        if (plan_.server) before_ = usage_of(*plan_.server);
        for (unsigned lane = 0; lane < threads_; ++lane) {
            auto const places = connections * (lane + 1) / threads_ - connections * lane / threads_;
            hands_.emplace_back(wanted, door, crowd::share{lane, threads_, places, first_visit});
        }
    }

    figures run()
    {
        std::vector<std::jthread> threads;
        for (auto& one : hands_) {
            threads.emplace_back([&] { one.work(stays(plan_.what), plan_.rate.has_value(), meeting_); });
        }
        while (!meeting_.all_in(between_reports)) report_({connections_, 0, 0});
        auto const start = steady_clock::now() + plan_.warm_up;
        meeting_.open({start, start + plan_.duration});
        wait_until(start, start, start + plan_.duration);
        auto const first = take();
        wait_until(start + plan_.duration, start, start + plan_.duration);
        auto const last = take();
        threads.clear();
        if (auto const failed = meeting_.failed()) std::rethrow_exception(failed);
        return sum_up(first, last);
    }

    std::uint64_t visits() const
    {
        std::uint64_t most = 0;
        for (auto const& one : hands_) most = std::max(most, one.visitors.visits());
        return most * threads_;
    }

private:
    sample take() const
    {
        sample now{steady_clock::now(), done(), {}};
        if (plan_.server) now.server = usage_of(*plan_.server);
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
        while (last < until && !meeting_.all_gone(std::min(until, last + between_reports))) {
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
        all.measured = plan_.duration;
        for (auto const& one : hands_) {
            if (one.notes) {
                all.done += one.notes->done_within();
                all.latencies.merge(one.notes->latencies());
            }
            all.load_cpu_share += one.cpu_share;
            all.load_waited_share += one.waited_share;
            for (auto const& [reason, counted] : one.visitors.faults()) {
                all.faults[reason].what = counted.what;
                all.faults[reason].count += counted.count;
            }
        }
        auto const passed = seconds{last.when - first.when}.count();
        if (first.server && last.server) {
            auto const used = last.server->cpu - first.server->cpu;
            all.cpu_share = seconds{used}.count() / passed;
            if (last.done > first.done) all.cpu_each = used / (last.done - first.done);
            all.rss = last.server->rss;
            if (before_ && stays(plan_.what)) {
                auto const grown =
                    static_cast<std::int64_t>(last.server->rss) - static_cast<std::int64_t>(before_->rss);
                all.rss_each = grown / static_cast<std::int64_t>(connections_);
            }
        }
        return all;
    }

    plan const& plan_;
    unsigned connections_;
    std::function<void(progress const&)> const& report_;
    unsigned threads_;
    meeting meeting_;
    std::deque<hand> hands_;
    std::optional<usage> before_;
};

}  // namespace

figures measure(plan const& wanted, scene const& door, unsigned connections, std::uint64_t& visits,
                std::function<void(progress const&)> const& report)
{
    measuring one{wanted, door, connections, visits, report};
    auto taken = one.run();
    visits += one.visits();
    return taken;
}

}  // namespace porter::rooms::bench
