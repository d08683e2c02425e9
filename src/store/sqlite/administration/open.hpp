#pragma once

#include <memory>

#include "store/administration.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/options.hpp"

/// Connections for an administrator, whether porterd runs or not. What opens a file throws error and start_error.
namespace porter::detail::store::sqlite::administration {

/// Opens an existing file for reading or writing. Does not checkpoint its write-ahead log. Throws start_error: bad_data
/// when the file is damaged, another program's, of a version that is not accepted, or has the log of another file
/// beside it; io when it cannot be read or is read-only; configuration when its permissions are wrong.
std::unique_ptr<database> open_existing(options const& options, database::access mode,
                                        accepted_schema schema = accepted_schema::newest);

/// Opens an existing file, of this version or an earlier one, so that no other program can read or write it until the
/// connection is closed. Throws like open_existing(); an error that is_busy() when another program has the file open.
std::unique_ptr<database> open_alone(options const& options);

}  // namespace porter::detail::store::sqlite::administration
