#pragma once

#include <string>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store::sqlite::administration {

struct counter_row {
    std::string network;  ///< a known one; empty: all others together
    store::failure_counter counter;
};

/// The failure counters of an account, that of unknown networks first.
std::vector<counter_row> list_counters(database& db, account_id account);

}  // namespace porter::detail::store::sqlite::administration
