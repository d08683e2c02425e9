#include "store/sqlite/registrations.hpp"

#include <algorithm>

#include "base/network.hpp"
#include "store/limits.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// The registration that must leave the window before another one, by one column of the table.
std::optional<base::timestamp> registrations_full_since(database& db, std::string_view sql, std::string const& value,
                                                        std::uint64_t most, base::instant now)
{
    statement row{db, sql, value, std::chrono::floor<std::chrono::seconds>(now) + registration_window,
                  static_cast<std::int64_t>(most) - 1};
    if (!row.step()) return std::nullopt;
    return row.time(0);
}

}  // namespace

std::optional<base::timestamp> network_registrations_full_since(database& db, std::string const& network,
                                                                std::uint64_t most, base::instant now)
{
    return registrations_full_since(db,
                                    "SELECT registered_at FROM registrations WHERE network = ?1 AND registered_at < ?2"
                                    " ORDER BY registered_at DESC LIMIT 1 OFFSET ?3",
                                    network, most, now);
}

std::optional<base::timestamp> site_registrations_full_since(database& db, std::string const& site, std::uint64_t most,
                                                             base::instant now)
{
    return registrations_full_since(db,
                                    "SELECT registered_at FROM registrations WHERE site = ?1 AND registered_at < ?2"
                                    " ORDER BY registered_at DESC LIMIT 1 OFFSET ?3",
                                    site, std::uint64_t{networks_per_site} * most, now);
}

std::optional<base::timestamp> registrations_full_since(database& db, secret_attempt const& attempt)
{
    auto const of_network =
        network_registrations_full_since(db, attempt.network, attempt.max_registrations, attempt.at);
    auto const of_site =
        site_registrations_full_since(db, base::site_of(attempt.network), attempt.max_registrations, attempt.at);
    return std::max(of_network, of_site);  // none is less than any
}

void count_registration(database& db, counted_attempt& counted)
{
    auto const now = std::chrono::floor<std::chrono::seconds>(counted.at);
    statement{db, "DELETE FROM registrations WHERE registered_at <= ?1", now - registration_window}.run();
    statement{db, "INSERT INTO registrations (network, site, registered_at) VALUES (?1, ?2, ?3)", counted.network,
              base::site_of(counted.network), now}
        .run();
    counted.registration = db.last_id();
}

void forget_registration(database& db, std::int64_t registration)
{
    if (registration != 0) statement{db, "DELETE FROM registrations WHERE id = ?1", registration}.run();
}

bool is_registration_pending(database& db, std::string const& network)
{
    statement row{db,
                  "SELECT 1 FROM undecided_tries JOIN registrations ON registrations.id = registration_id"
                  " WHERE site = ?1",
                  base::site_of(network)};
    return row.step();
}

}  // namespace porter::detail::store::sqlite
