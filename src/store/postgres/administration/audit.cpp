#include "store/postgres/administration/audit.hpp"

#include <cstdint>
#include <limits>
#include <utility>

#include "store/postgres/audit_chain.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

constexpr std::int64_t rows_at_once = 2'000;

/// $1 since, $2 id of an account, $3 its name or an empty text: rows of any account.
constexpr char const* list =
    "SELECT id, at, actor, action, account_id, account, object, before, after, number, seal FROM audit"
    " WHERE ($1 IS NULL OR at >= $1) AND ($3 = '' OR account_id = $2 OR account = $3) ORDER BY id";

/// The sealed rows after the number $1, $2 at most.
constexpr char const* find_sealed =
    "SELECT id, at, actor, action, account_id, account, object, before, after, number, seal FROM audit"
    " WHERE number > $1 ORDER BY number LIMIT $2";

constexpr char const* count_unsealed = "SELECT count(*) FROM audit WHERE number IS NULL";

/// Also rows that were written by hand with a number that no server gives.
constexpr std::int64_t before_all = std::numeric_limits<std::int64_t>::min();

void check_sealed(transaction& tx, audit_verifier& verifier)
{
    for (auto last = before_all;;) {
        segment work{segment::effect::reads};
        work.add(find_sealed, last, rows_at_once);
        auto const found = tx.run(std::move(work));
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            auto const one = read_audit_row(rows[i]);
            last = one.number;
            verifier.check(one);
        }
        if (rows.size() < static_cast<std::size_t>(rows_at_once)) return;
    }
}

}  // namespace

std::vector<audit_row> list_audit(blocking_connection& db, audit_filter const& filter)
{
    segment work{segment::effect::reads};
    work.add(list, filter.since, filter.account_id, filter.account);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        std::vector<audit_row> all;
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) all.push_back(read_audit_row(rows[i]));
        return all;
    });
}

audit_report verify_audit(blocking_connection& db, audit_key const& key)
{
    return read_results(db, [&] {
        transaction tx{db, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"};
        segment first{segment::effect::reads};
        first.add(find_audit_head).add(count_unsealed);
        auto const found = tx.run(std::move(first));
        auto const head = found.at(0).empty() ? audit_head{} : read_audit_head(found.at(0)[0]);
        audit_verifier verifier{head, key};
        check_sealed(tx, verifier);
        auto report = verifier.finish();
        report.unsealed = static_cast<std::uint64_t>(found.at(1)[0].integer(0));
        return report;
    });
}

}  // namespace porter::detail::store::postgres::administration
