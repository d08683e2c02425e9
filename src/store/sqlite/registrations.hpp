#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/throttle.hpp"

/// The accounts that peers made within registration_window, by network and site. All of this as a part of a
/// transaction; may throw failure.
namespace porter::detail::store::sqlite {

/// The registration that must be over before the network, and its site, may make another account; none: they may.
std::optional<base::timestamp> registrations_full_since(database& db, secret_attempt const& asked);

/// The same for a network alone, of which `most` may register within registration_window, and for a site alone.
std::optional<base::timestamp> network_registrations_full_since(database& db, std::string const& network,
                                                                std::uint64_t most, base::instant now);
std::optional<base::timestamp> site_registrations_full_since(database& db, std::string const& site, std::uint64_t most,
                                                             base::instant now);

/// Counts a registration before it is decided, so that parallel ones do not exceed the limit. Removes those that are
/// over.
void count_registration(database& db, counted_attempt& counted);

/// There will be no account; 0: none was asked for.
void forget_registration(database& db, std::int64_t registration);

/// Whether the site of the network has registrations that are not decided.
bool is_registration_pending(database& db, std::string const& network);

}  // namespace porter::detail::store::sqlite
