#pragma once

#include <memory>
#include <string>

#include "programs/porterctl/command.hpp"
#include "store/sqlite/administration/accounts.hpp"
#include "store/sqlite/administration/open.hpp"

namespace porter::programs {

namespace administration = detail::store::sqlite::administration;
using detail::store::sqlite::database;

/// The options for opening the database of this context.
detail::store::sqlite::options store_options(context const& ctx);

/// Throws config::option_error(not_found) if there is no database: porterctl never creates one.
void require_database(context const& ctx);

/// Throws config::option_error(bad_configuration) if porterd would refuse the database's folder, because other users
/// could change files there.
void require_safe_folder(context const& ctx);

/// Opens the database for reading, with a warning for a folder that require_safe_folder() refuses. Throws
/// config::option_error(not_found), start_error, failure.
std::unique_ptr<database> open_to_read(context const& ctx,
                                       administration::schema schema = administration::schema::newest);

/// Opens the database for changes, in a folder that require_safe_folder() accepts. Throws
/// config::option_error(not_found), start_error, failure.
std::unique_ptr<database> open_to_write(context const& ctx);

/// The account of a name as it was typed. Throws config::option_error(not_found).
administration::account_row account_of(database& db, std::string const& typed);

/// Reports that the account was deleted after account_of(). Throws config::option_error(not_found).
[[noreturn]] void reject_removed(std::string const& name);

detail::base::timestamp now();

/// "1 session", "3 sessions", "2 tries", "5 addresses"
std::string quantity(std::uint64_t number, std::string const& noun);

}  // namespace porter::programs
