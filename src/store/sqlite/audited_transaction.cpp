#include "store/sqlite/audited_transaction.hpp"

#include <algorithm>

#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

constexpr std::string_view porterd = "porterd";

/// What porterd writes at a login is no change: the log has it. Recovery codes come with a second factor, which has a
/// row, and the session that is kept with a new password.
constexpr std::string_view discard_details =
    "DELETE FROM audit WHERE id > ?1"
    " AND action IN ('session_opened', 'session_kept', 'address_added', 'address_changed', 'address_removed',"
    " 'recovery_code_added')";

/// Of an account 120 rows of each of these actions an hour: a client that logs in again and again must not fill the
/// disk, nor hide a new password behind the ends of sessions.
constexpr std::string_view discard_beyond_budget =
    "DELETE FROM audit WHERE id > ?1"
    " AND action IN ('session_ended', 'password_changed', 'second_factor_added', 'second_factor_removed')"
    " AND (SELECT count(*) FROM (SELECT 1 FROM audit AS earlier WHERE earlier.account_id = audit.account_id"
    " AND earlier.action = audit.action AND earlier.at > unixepoch() - 3600 AND earlier.id <= ?1 LIMIT 120)) >= 120";

/// What a client asks for is done by the account's user, the rest by the rules of porterd.
constexpr std::string_view name_user =
    "UPDATE audit SET actor = CASE WHEN action IN ('account_added', 'password_changed', 'invitation_used',"
    " 'reset_removed', 'second_factor_added', 'second_factor_removed') THEN 'user'"
    " WHEN after IN ('cause=logout', 'cause=revoked', 'cause=password_changed')"
    " THEN 'user' ELSE 'porterd' END WHERE id > ?1";

constexpr std::string_view name_author = "UPDATE audit SET actor = ?2 WHERE id > ?1";

void name_rows_after(database& db, std::int64_t last_before)
{
    if (db.author().actor != porterd) {
        statement{db, name_author, last_before, db.author().actor}.run();
        return;
    }
    statement{db, discard_details, last_before}.run();
    statement{db, discard_beyond_budget, last_before}.run();
    statement{db, name_user, last_before}.run();
}

}  // namespace

audited_transaction::audited_transaction(database& on) : transaction(on), database_(on), last_before_(last_audit_id(on))
{}

void audited_transaction::commit()
{
    auto& author = database_.author();
    if (last_audit_id(database_) > last_before_) name_rows_after(database_, last_before_);
    auto sealed = seal_audit(database_);
    // An administrator's import has more rows than a batch, and no client waits for it.
    for (auto last = sealed; last > 0 && author.actor != porterd; last = seal_audit(database_)) sealed = last;
    transaction::commit();
    author.last_number = std::max(author.last_number, sealed);
}

}  // namespace porter::detail::store::sqlite
