#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "store/administration.hpp"
#include "store/sqlite/database.hpp"

/// The operations of store::administration on networks, which it describes. They throw error.
namespace porter::detail::store::sqlite::administration {

std::vector<blocked_network> list_blocked_networks(database& db, account_id account, throttle_rules const& rules,
                                                   base::instant now);
std::vector<throttled_network> list_throttled_networks(database& db, throttle_rules const& rules,
                                                       std::uint32_t max_registrations, base::instant now);
std::size_t enable_network(database& db, std::string const& network);

}  // namespace porter::detail::store::sqlite::administration
