#include "store/postgres/attempts_upkeep.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/condition_variable.hpp"
#include "store/postgres/attempts.hpp"
#include "store/postgres/fault_log.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres {

namespace {

using std::chrono::steady_clock;

constexpr std::int64_t rows_at_once = 500;

/// $1 age in seconds, $2 number of rows.
constexpr auto find_abandoned = R"(
SELECT id, account_id, unknown_name, at_ms FROM attempts
WHERE is_pending AND begun_ms <= floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1 * 1000
ORDER BY at_ms DESC, id LIMIT $2)";

/// Servers that delete pass each other. The ARRAY is made once; a subquery of IN could be run again for each row, and
/// lock others.
///
/// $1 number of newer names than the oldest one to keep, $2 number of rows.
constexpr auto delete_names = R"(
DELETE FROM unknown_failure_counters WHERE digest = ANY (ARRAY(
    SELECT digest FROM unknown_failure_counters
    WHERE last_ms < (SELECT last_ms FROM unknown_failure_counters ORDER BY last_ms DESC LIMIT 1 OFFSET $1)
      AND NOT EXISTS (SELECT FROM attempts WHERE unknown_name = digest AND is_pending)
    ORDER BY last_ms LIMIT $2 FOR UPDATE SKIP LOCKED)))";

/// What a rollback needs.
counted_attempt read_abandoned(row const& from)
{
    counted_attempt read;
    read.id = from.integer(0);
    read.account = from.optional_integer(1);
    read.at = from.instant(3);
    if (from.is_null(2)) return read;
    auto const bytes = from.bytes(2);
    auto& name = read.unknown_name.emplace();
    auto const size = std::min(bytes.size(), name.size());
    std::ranges::copy_n(base::as_bytes(bytes).begin(), static_cast<std::ptrdiff_t>(size), name.begin());
    return read;
}

/// On the thread of the pool. It lives as long as the coroutine there.
struct rounds {
    rounds(pool& by, log::logger& log) : through(by), faults(log), stopped(by.executor()) {}

    pool& through;
    fault_log faults;
    base::condition_variable stopped;  // notified when the pool stops
    bool is_stopping = false;
};

task<void> run(std::shared_ptr<rounds> self, std::chrono::seconds age, std::chrono::milliseconds pause)
{
    while (!self->is_stopping) {
        try {
            co_await self->stopped.wait_until(steady_clock::now() + pause);
            if (self->is_stopping) break;
            // The pool reports what fails, and the next round does it.
            auto const rolled_back = co_await rollback_abandoned(self->through, age);
            if (!rolled_back) continue;
            [[maybe_unused]] auto const limited = co_await limit_unknown_names(self->through);
        } catch (column_error const& problem) {
            self->faults.report("upkeep", {}, problem.what());
        } catch (std::bad_alloc const&) {
            self->faults.report("upkeep", {}, "out of memory");
        }
    }
}

}  // namespace

task<result<void>> rollback_abandoned(pool& by, std::chrono::seconds age)
{
    for (;;) {
        segment look_up{segment::effect::reads};
        look_up.add(find_abandoned, std::int64_t{age.count()}, std::int64_t{rollbacks_at_once});
        auto const found = co_await by.submit(pool::lane::lookups, std::move(look_up));
        if (found.outcome != outcome::done) co_return unexpected(errc::unavailable);
        auto const& rows = found.results.front();
        if (rows.empty()) co_return result<void>{};
        std::vector<counted_attempt> abandoned;
        for (std::size_t i = 0; i < rows.size(); ++i) abandoned.push_back(read_abandoned(rows[i]));
        auto rollback = segment_of_rollback(abandoned);
        auto const done = co_await by.submit(pool::lane::changes, std::move(rollback));
        if (done.outcome == outcome::done) continue;
        // A session of psql may hold the lock of one account: the others do not wait for it.
        for (auto const& each : abandoned) {
            auto one = segment_of_rollback({each});
            co_await by.submit(pool::lane::changes, std::move(one));
        }
        co_return unexpected(errc::unavailable);
    }
}

task<result<void>> limit_unknown_names(pool& by, std::size_t most)
{
    auto const newer = static_cast<std::int64_t>(std::max<std::size_t>(most, 1)) - 1;
    for (;;) {
        segment work{segment::effect::writes};
        work.add(commit_lazily).add(delete_names, newer, rows_at_once);
        auto const done = co_await by.submit(pool::lane::changes, std::move(work));
        if (done.outcome != outcome::done) co_return unexpected(errc::unavailable);
        if (done.results.back().affected() < rows_at_once) co_return result<void>{};
    }
}

void start_attempts_upkeep(pool& by, log::logger& log, std::chrono::seconds age, std::chrono::milliseconds pause)
{
    auto const shared = std::make_shared<rounds>(by, log);
    auto const stop = [shared] {
        shared->is_stopping = true;
        shared->stopped.notify();
    };
    by.run_background(run(shared, age, pause), stop);
}

}  // namespace porter::detail::store::postgres
