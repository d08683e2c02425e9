#include "store/sqlite/end_cause.hpp"

#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

void set_end_cause(database& db, std::string_view cause)
{
    auto const removed = db.changes();
    if (removed == 0) return;
    // Triggers have appended one entry and one row of audit for each.
    statement{db, "UPDATE ended_sessions SET cause = ?2 WHERE id > (SELECT max(id) FROM ended_sessions) - ?1", removed,
              cause}
        .run();
    statement{db,
              "UPDATE audit SET after = 'cause=' || ?2"
              " WHERE id > (SELECT max(id) FROM audit) - ?1 AND action = 'session_ended' AND seal IS NULL",
              removed, cause}
        .run();
}

}  // namespace porter::detail::store::sqlite
