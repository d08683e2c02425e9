#include "store/postgres/journal.hpp"

#include <utility>

#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres {

namespace {

constexpr char const* take_snapshot = "SELECT pg_current_snapshot()::text";

/// One row without a session if there is none. Snapshots and the journal have the numbers of whole transactions:
/// savepoints make no difference. An entry from the future is of another cluster, whose dump was restored; it would be
/// reported at each look. (With OR instead of UNION ALL all of the index is read.)
constexpr char const* read_difference = R"(
WITH present AS (SELECT pg_current_snapshot() AS snapshot)
SELECT present.snapshot::text, ended.session_id, ended.account_name, ended.cause
FROM present
LEFT JOIN (SELECT * FROM ended_sessions
           WHERE xid >= pg_snapshot_xmax($1::pg_snapshot) AND xid < pg_snapshot_xmax(pg_current_snapshot())
           UNION ALL
           SELECT * FROM ended_sessions WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::pg_snapshot)))) AS ended
       ON true
ORDER BY ended.xid)";

constexpr char const* read_all = R"(
WITH present AS (SELECT pg_current_snapshot() AS snapshot)
SELECT present.snapshot::text, ended.session_id, ended.account_name, ended.cause
FROM present
LEFT JOIN (SELECT * FROM ended_sessions ORDER BY xid DESC LIMIT $1 + 1) AS ended ON true
ORDER BY ended.xid)";

/// Also entries from the future. One server at a time; others find nothing to do. (SKIP LOCKED would need the privilege
/// UPDATE.)
constexpr char const* remove_old = R"(
WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(7679, 0) AS is_mine),
     old AS MATERIALIZED (SELECT place
                          FROM turn
                          CROSS JOIN (SELECT ctid AS place FROM ended_sessions WHERE xid < $1::xid8
                                      UNION ALL
                                      SELECT ctid FROM ended_sessions
                                      WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())) AS each
                          WHERE turn.is_mine
                          LIMIT $2)
DELETE FROM ended_sessions USING old WHERE ended_sessions.ctid = old.place)";

}  // namespace

segment journal::look(time now)
{
    bool const is_too_late = now - looked_at_ > longest_gap;
    if (is_too_late) snapshot_.clear();
    asked_ = std::exchange(is_beginning_, false) ? extent::snapshot
             : snapshot_.empty()                 ? extent::all
                                                 : extent::difference;
    segment work{segment::effect::reads};
    switch (asked_) {
        case extent::snapshot:
            work.add(take_snapshot);
            break;
        case extent::difference:
            work.add(read_difference, snapshot_);
            break;
        case extent::all:
            work.add(read_all, most_repeated);
            break;
    }
    return work;
}

journal_report journal::take(reply const& answer, time sent)
{
    auto const& rows = answer.results.at(0);
    journal_report report;
    if (asked_ != extent::snapshot) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            auto const row = rows[i];
            if (!row.is_null(1)) report.ended.push_back({row.integer(1), row.text(2), row.text(3)});
        }
        bool const is_cut = asked_ == extent::all && std::cmp_greater(report.ended.size(), most_repeated);
        report.is_incomplete = is_cut || sent - looked_at_ > longest_gap;
    }
    snapshot_ = rows[0].text(0);
    looked_at_ = sent;
    // The text of a snapshot begins with the number of the oldest transaction that runs, and a colon.
    if (!noted_) noted_ = note{sent, snapshot_.substr(0, snapshot_.find(':'))};
    return report;
}

std::optional<segment> journal::prune(time now) const
{
    if (!noted_ || now - noted_->at < kept) return std::nullopt;
    segment work{segment::effect::writes};
    // What a crash brings back is removed again.
    work.add(commit_lazily).add(remove_old, noted_->oldest_running, pruned_at_once);
    return work;
}

void journal::on_pruned(reply const& answer)
{
    bool const may_have_more = std::cmp_greater_equal(answer.results.at(1).affected(), pruned_at_once);
    if (!may_have_more) noted_.reset();
}

}  // namespace porter::detail::store::postgres
