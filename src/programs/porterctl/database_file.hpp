#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "programs/porterctl/command.hpp"
#include "programs/porterctl/record.hpp"
#include "store/sqlite/administration/file_administration.hpp"
#include "store/sqlite/administration/status.hpp"

/// The database as a file. The commands that any store has do not include this, but open_database.hpp.
namespace porter::programs {

using detail::store::sqlite::administration::file_administration;
using detail::store::sqlite::administration::file_user;

/// The options for opening the file of this context.
detail::store::sqlite::options file_options(context const& ctx);

/// The file of the key of the audit: in the data directory, or beside the database if that alone is given.
std::filesystem::path audit_key_file(context const& ctx);

/// Throws config::option_error(not_found) if there is no file: porterctl never creates one.
void require_file(context const& ctx);

/// Throws config::option_error(bad_configuration) if porterd would refuse the file's folder, because other users could
/// change files there.
void require_safe_folder(context const& ctx);

/// Opens the file for reading, with a warning for a folder that require_safe_folder() refuses. Throws
/// config::option_error(not_found), start_error, store::administration_error.
std::unique_ptr<file_administration> open_file_to_read(context const& ctx, detail::store::accepted_schema schema);

/// Opens the file for changes, in a folder that require_safe_folder() accepts. Throws like open_file_to_read().
std::unique_ptr<file_administration> open_file_to_write(context const& ctx);

/// Opens a file of this version or an earlier one, in a folder that require_safe_folder() accepts, for its migration.
/// Throws like open_file_to_read(), and config::option_error(temporary_failure) if an older porterd has it open.
std::unique_ptr<file_administration> open_file_to_migrate(context const& ctx);

/// The process that has the file open, or none. To be called while this process has no connection to the file.
std::optional<file_user> file_user_of(context const& ctx);

/// "porterd (process 17)"
std::string text_of(std::optional<file_user> const& user);

/// The members of `db status` that only a file has: its path, its sizes and the process that has it open. To be called
/// while this process has no connection to the file. Throws config::option_error(not_found).
std::vector<field> file_fields(context const& ctx);

}  // namespace porter::programs
