#include "store/sqlite/administration/counters.hpp"

#include <chrono>

#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

std::vector<counter_row> list_counters(database& db, account_id account)
{
    std::vector<counter_row> all;
    statement row{db, "SELECT network, failed, last_ms FROM password_ladders WHERE account_id = ?1 ORDER BY network",
                  account};
    while (row.step()) {
        all.push_back({row.text(0), {row.count(1), base::instant{std::chrono::milliseconds{row.integer(2)}}}});
    }
    return all;
}

}  // namespace porter::detail::store::sqlite::administration
