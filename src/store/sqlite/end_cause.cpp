#include "store/sqlite/end_cause.hpp"

#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

void set_end_cause(database& db, std::string_view cause)
{
    auto const removed = db.changes();
    if (removed == 0) return;
    // A trigger has appended one entry for each.
    statement{db, "UPDATE ended_sessions SET cause = ?2 WHERE id > (SELECT max(id) FROM ended_sessions) - ?1", removed,
              cause}
        .run();
}

}  // namespace porter::detail::store::sqlite
