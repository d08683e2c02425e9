#include "store/sqlite/audit_upkeep.hpp"

#include <new>

#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/audited_transaction.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::minutes prune_interval{1};
constexpr std::chrono::minutes line_interval{1};

}  // namespace

void audit_upkeep::run(database& db)
{
    if (!db.author().key) {
        stop();
        return;
    }
    auto const now = steady_clock::now();
    next_ = now + interval;
    try {
        seal_and_prune(db);
        if (now >= next_line_) log_end(db);
    } catch (error const& problem) {
        // A lock of another program: it is no fault, and the next call is soon.
        if (!problem.is_busy()) faults_.report("audit", problem);
    } catch (std::bad_alloc const&) {
        faults_.report_no_memory("audit");
    }
    log_broken(db);
}

void audit_upkeep::finish(database& db)
{
    next_line_ = {};
    run(db);
}

void audit_upkeep::seal_and_prune(database& db)
{
    auto const now = steady_clock::now();
    bool const is_pruning = keep_.count() > 0 && now >= next_prune_;
    if (!is_pruning && !has_unsealed_audit(db)) return;
    if (is_pruning) next_prune_ = now + prune_interval;
    db.wait_for_locks(std::chrono::milliseconds{0});
    audited_transaction tx{db};
    auto const pruned = is_pruning ? prune_audit(db, keep_) : 0;
    tx.commit();
    if (pruned == 0) return;
    log_.info("audit_pruned", {{"rows", pruned}});
    next_prune_ = now;  // there may be more
}

void audit_upkeep::log_end(database& db)
{
    if (db.author().is_broken) return;
    auto const head = read_audit_head(db);
    if (head.last_number == logged_number_) return;
    log_.info("audit_sealed", {{"number", head.last_number}, {"seal", short_seal(head.last_seal)}});
    logged_number_ = head.last_number;
    next_line_ = steady_clock::now() + line_interval;
}

void audit_upkeep::log_broken(database& db)
{
    if (!db.author().is_broken || is_broken_logged_) return;
    is_broken_logged_ = true;
    log_.error("audit_not_sealed", {{"why",
                                     "the chain of audit was changed, or is of another key: porterctl audit"
                                     " verify says where; after that a start without audit.key begins it anew"}});
}

}  // namespace porter::detail::store::sqlite
