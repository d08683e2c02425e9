#pragma once

#include <memory>
#include <string>
#include <vector>

#include "programs/porterctl/command.hpp"
#include "programs/porterctl/record.hpp"
#include "store/administration.hpp"

namespace porter::programs {

namespace store = detail::store;

/// Opens the database for reading. Throws config::option_error, start_error, store::administration_error.
std::unique_ptr<store::administration> open_to_read(context const& ctx,
                                                    store::accepted_schema schema = store::accepted_schema::newest);

/// Opens the database for changes. Throws like open_to_read().
std::unique_ptr<store::administration> open_to_write(context const& ctx);

/// Opens a database of this version or an earlier one for its migration. Throws like open_to_read().
std::unique_ptr<store::administration> open_to_migrate(context const& ctx);

/// The members of `db status` that depend on where the database is. To be called before the database is opened. Throws
/// config::option_error(not_found).
std::vector<field> location_fields(context const& ctx);

/// The account of a name as it was typed. Throws config::option_error(not_found).
store::account_row account_of(store::administration& db, std::string const& typed);

/// Reports that the account was deleted after account_of(). Throws config::option_error(not_found).
[[noreturn]] void reject_removed(std::string const& name);

detail::base::timestamp now();

/// "1 session", "3 sessions", "2 tries", "5 addresses"
std::string quantity(std::uint64_t number, std::string const& noun);

}  // namespace porter::programs
