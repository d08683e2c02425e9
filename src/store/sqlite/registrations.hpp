#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/throttle.hpp"

/// The registrations within registration_window, by network and site. All functions run within a transaction of the
/// caller and may throw error.
namespace porter::detail::store::sqlite {

/// The registration that must leave the window before the network and its site may make another; none: they may.
std::optional<base::timestamp> registrations_full_since(database& db, secret_attempt const& attempt);

/// The same for a network alone, with a limit of `most`, and for a site alone.
std::optional<base::timestamp> network_registrations_full_since(database& db, std::string const& network,
                                                                std::uint64_t most, base::instant now);
std::optional<base::timestamp> site_registrations_full_since(database& db, std::string const& site, std::uint64_t most,
                                                             base::instant now);

/// Counts a pending registration, so that concurrent ones do not exceed the limit. Deletes those out of the window.
void count_registration(database& db, counted_attempt& counted);

/// Deletes a registration that failed; 0: none.
void forget_registration(database& db, std::int64_t registration);

/// Whether the site of the network has pending registrations.
bool is_registration_pending(database& db, std::string const& network);

}  // namespace porter::detail::store::sqlite
