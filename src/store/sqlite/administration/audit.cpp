#include "store/sqlite/administration/audit.hpp"

#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

std::vector<audit_row> list_audit(database& db, audit_filter const& filter)
{
    std::vector<audit_row> found;
    statement row{db,
                  "SELECT id, at, actor, action, account_id, account, object, before, after, number, seal FROM audit"
                  " WHERE (?1 IS NULL OR at >= ?1) AND (?3 = '' OR account_id = ?2 OR account = ?3) ORDER BY id",
                  filter.since, filter.account_id, filter.account};
    while (row.step()) found.push_back(read_audit_row(row));
    return found;
}

audit_report verify_audit(database& db, audit_key const& key)
{
    // While this statement is in use, the head is read in the same read transaction.
    statement row{db,
                  "SELECT id, at, actor, action, account_id, account, object, before, after, number, seal"
                  " FROM audit ORDER BY id"};
    bool has_row = row.step();
    audit_verifier verifier{read_audit_head(db), key};
    for (; has_row; has_row = row.step()) verifier.check(read_audit_row(row));
    return verifier.finish();
}

}  // namespace porter::detail::store::sqlite::administration
