#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "store/administration.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

/// The operations of store::administration on networks, which it describes. They throw administration_error.
namespace porter::detail::store::postgres::administration {

std::vector<blocked_network> list_blocked_networks(blocking_connection& db, account_id account,
                                                   throttle_rules const& rules, base::instant now);
std::vector<throttled_network> list_throttled_networks(blocking_connection& db, throttle_rules const& rules,
                                                       std::uint32_t max_registrations, base::instant now);
std::size_t enable_network(blocking_connection& db, std::string const& network);
attempt_history history_of(blocking_connection& db, std::optional<account_id> account, std::string const& network,
                           throttle_rules const& rules, base::instant now);

}  // namespace porter::detail::store::postgres::administration
