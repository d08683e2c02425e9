#include "store/postgres/audit_upkeep.hpp"

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/condition_variable.hpp"
#include "store/postgres/audit_chain.hpp"
#include "store/postgres/fault_log.hpp"

namespace porter::detail::store::postgres {

namespace {

using std::chrono::steady_clock;

constexpr std::int64_t rows_at_once = 200;
constexpr std::chrono::minutes prune_interval{1};
constexpr std::chrono::minutes line_interval{1};

/// The oldest sealed rows, $1 at most, and whether each is older than $2 seconds.
constexpr char const* find_oldest =
    "SELECT number, seal, at < unix_time() - $2 FROM audit WHERE number IS NOT NULL ORDER BY number LIMIT $1";

/// On the thread of the pool. It lives as long as the coroutine there.
struct rounds {
    rounds(pool& by, log::logger& to, audit_key const& with, std::chrono::seconds kept)
        : through(by), log(to), faults(to), key(with), keep(kept), stopped(by.executor())
    {}

    pool& through;
    log::logger& log;
    fault_log faults;
    audit_key key;
    std::chrono::seconds keep;
    base::condition_variable stopped;  // notified when the pool stops
    bool is_stopping = false;
    bool is_broken_logged = false;
    std::int64_t logged_number = 0;
    steady_clock::time_point next_line{};
    steady_clock::time_point next_prune{};
};

/// Whether the chain may go on after this head.
bool is_usable(rounds& self, audit_head const& head)
{
    if (is_signed(head, self.key)) return true;
    if (!self.is_broken_logged) {
        self.log.error("audit_not_sealed", {{"why",
                                             "the chain of audit was changed, or is of another key: porterctl"
                                             " audit verify says where; after that restart_audit() begins it anew"}});
    }
    self.is_broken_logged = true;
    return false;
}

void log_end(rounds& self, audit_head const& head)
{
    auto const now = steady_clock::now();
    if (head.last_number == self.logged_number || now < self.next_line) return;
    self.log.info("audit_sealed", {{"number", head.last_number}, {"seal", short_seal(head.last_seal)}});
    self.logged_number = head.last_number;
    self.next_line = now + line_interval;
}

/// Seals some rows. Returns whether there may be more.
task<bool> seal_some(rounds& self)
{
    segment look{segment::effect::reads};
    look.add(find_audit_head).add(find_unsealed_audit, rows_at_once);
    auto const found = co_await self.through.submit(pool::lane::lookups, std::move(look));
    if (found.outcome != outcome::done) co_return false;
    auto const before = read_audit_head(found.results.at(0)[0]);
    bool const is_new = before.tag.empty() && before.last_number == 0 && before.pruned_number == 0;
    if (!is_new && !is_usable(self, before)) co_return false;
    auto const& waiting = found.results.at(1);
    auto const count = waiting.size();
    if (!is_new && count == 0) {
        log_end(self, before);
        co_return false;
    }
    auto head = before;
    std::vector<audit_row> rows;
    for (std::size_t i = 0; i < count; ++i) {
        rows.push_back(read_audit_row(waiting[i]));
        seal(rows.back(), head, self.key);
    }
    sign(head, self.key);
    auto work = segment_of_seals(before, head, rows);
    auto const done = co_await self.through.submit(pool::lane::changes, std::move(work));
    if (done.outcome != outcome::done) co_return false;
    if (!done.results.at(0)[0].boolean(0)) co_return true;
    if (is_new) self.log.info("audit_chain_begun");
    log_end(self, head);
    co_return count == static_cast<std::size_t>(rows_at_once);
}

/// Deletes some old rows. Returns whether there may be more.
task<bool> prune_some(rounds& self)
{
    segment look{segment::effect::reads};
    look.add(find_audit_head).add(find_oldest, rows_at_once, std::int64_t{self.keep.count()});
    auto const found = co_await self.through.submit(pool::lane::lookups, std::move(look));
    if (found.outcome != outcome::done) co_return false;
    auto const before = read_audit_head(found.results.at(0)[0]);
    if (!is_signed(before, self.key)) co_return false;
    auto head = before;
    auto const& oldest = found.results.at(1);
    for (std::size_t i = 0; i < oldest.size(); ++i) {
        if (!oldest[i].boolean(2) || oldest[i].integer(0) != head.pruned_number + 1) break;
        head.pruned_number = oldest[i].integer(0);
        head.pruned_seal = oldest[i].bytes(1);
    }
    auto const rows = head.pruned_number - before.pruned_number;
    if (rows == 0) co_return false;
    sign(head, self.key);
    segment work{segment::effect::writes};
    work.add("SELECT prune_audit($1, $2, $3, $4, $5)", before.pruned_number, head.pruned_number,
             base::as_bytes(head.pruned_seal), before.last_number, base::as_bytes(head.tag));
    auto const done = co_await self.through.submit(pool::lane::changes, std::move(work));
    bool const is_done = done.outcome == outcome::done && done.results.at(0)[0].boolean(0);
    if (is_done) self.log.info("audit_pruned", {{"rows", rows}});
    co_return is_done&& rows == rows_at_once;
}

task<void> run_round(rounds& self)
{
    bool has_more = true;
    while (has_more && !self.is_stopping) has_more = co_await seal_some(self);
    if (self.keep.count() == 0 || steady_clock::now() < self.next_prune) co_return;
    self.next_prune = steady_clock::now() + prune_interval;
    has_more = true;
    while (has_more && !self.is_stopping) has_more = co_await prune_some(self);
}

task<void> run(std::shared_ptr<rounds> self, std::chrono::milliseconds pause)
{
    while (!self->is_stopping) {
        try {
            co_await self->stopped.wait_until(steady_clock::now() + pause);
            if (self->is_stopping) break;
            // The pool reports what fails, and the next round does it.
            co_await run_round(*self);
        } catch (column_error const& problem) {
            self->faults.report("audit", {}, problem.what());
        } catch (std::bad_alloc const&) {
            self->faults.report("audit", {}, "out of memory");
        }
    }
}

}  // namespace

void start_audit_upkeep(pool& by, log::logger& log, audit_key const& key, std::chrono::seconds keep,
                        std::chrono::milliseconds pause)
{
    auto const shared = std::make_shared<rounds>(by, log, key, keep);
    auto const stop = [shared] {
        shared->is_stopping = true;
        shared->stopped.notify();
    };
    by.run_background(run(shared, pause), stop);
}

}  // namespace porter::detail::store::postgres
