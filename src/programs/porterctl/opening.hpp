#pragma once

#include <memory>
#include <string>

#include "programs/porterctl/command.hpp"
#include "store/sqlite/administration/accounts.hpp"
#include "store/sqlite/administration/open.hpp"

namespace porter::programs {

namespace administration = detail::store::sqlite::administration;
using detail::store::sqlite::database;

/// How the database of this context is opened.
detail::store::sqlite::options store_options(context const& given);

/// Throws config::option_error(not_found) when there is no database: the tool never makes one.
void demand_database(context const& given);

/// Throws config::option_error(bad_configuration) when porterd would not use the database's folder, because other users
/// could change files there.
void require_safe_folder(context const& given);

/// Opens the database for reading, with a warning for a folder that require_safe_folder() refuses. Throws
/// config::option_error(not_found), start_error, failure.
std::unique_ptr<database> open_to_read(context const& given,
                                       administration::schema wanted = administration::schema::newest);

/// Opens the database for changes, in a folder that require_safe_folder() accepts. Throws
/// config::option_error(not_found), start_error, failure.
std::unique_ptr<database> open_to_write(context const& given);

/// The account that a person means by this name. Throws config::option_error(not_found).
administration::account_row account_of(database& db, std::string const& typed);

/// Somebody deleted it after account_of(). Throws config::option_error(not_found).
[[noreturn]] void reject_removed(std::string const& name);

detail::base::timestamp now();

/// "1 session", "3 sessions", "2 tries", "5 addresses"
std::string counted(std::uint64_t number, std::string const& thing);

}  // namespace porter::programs
