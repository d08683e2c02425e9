#pragma once

#include <string>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store::sqlite::administration {

struct counter_row {
    std::string network;  ///< one that the account was accessed from; empty: all others together
    store::failure_counter counter;
};

/// The account's failed tries in a row, those of strangers first.
std::vector<counter_row> list_counters(database& db, account_id account);

}  // namespace porter::detail::store::sqlite::administration
