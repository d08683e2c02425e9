#pragma once

#include "store/content.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

namespace porter::detail::store::postgres::administration {

/// Checks what import_content() checks before it copies. Changes nothing. Throws the same.
void reject_unfit_target(blocking_connection& db);

/// Copies everything from another store into this one, which is empty, with the same ids, in one transaction as
/// porter_owner. Ids that the other store has used are not given again. The journal of ended sessions is not copied.
///
/// It locks the tables: it waits for open transactions of a porterd for up to five seconds, and until it has ended,
/// changes of a porterd wait for two seconds and are then `unavailable`. Reads are not affected.
///
/// Throws start_error: configuration if the role may not; cannot_create if the database is not empty; bad_data if its
/// schema is older or too new, or rejects a row. Throws administration_error (unavailable if a table is locked for
/// longer, or the connection was lost), and what `from` throws. Then nothing was changed, unless the message says that
/// this is not known.
content_counts import_content(blocking_connection& db, content& from);

}  // namespace porter::detail::store::postgres::administration
