#pragma once

#include <string>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/throttle.hpp"

namespace porter::rooms::store::sqlite::administration {

struct ladder_row {
    std::string network;  ///< one that the account was accessed from; empty: all others together
    store::ladder ladder;
};

/// The account's failed tries in a row, those of strangers first.
std::vector<ladder_row> list_ladders(database& db, account_id account);

}  // namespace porter::rooms::store::sqlite::administration
