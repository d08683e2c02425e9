#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "porter/start_error.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite {

/// "Port", which the schema writes into the header: a database of Porter.
inline constexpr std::int64_t our_application_id = 0x506f7274;

/// Creates an empty file of mode 0600, whatever the umask, never through a symbolic link. SQLite gives the files beside
/// it (-wal, -shm, -journal) the same mode. False: the name exists.
/// Throws start_error(cannot_create).
bool make_private_file(std::filesystem::path const& path);

/// Rejects a name that SQLite cannot use: the files beside the database have longer names, and SQLite opens no path of
/// more than 512 bytes. Throws start_error(cannot_create).
void reject_unusable_name(std::filesystem::path const& path);

/// Whether the file exists; false: it can be created. `planned`: a folder that the start creates first; empty: none.
/// Creates nothing. Throws start_error: cannot_create; io when SQLite could not create its files beside one that
/// exists.
bool exists_or_can_be_made(std::filesystem::path const& path, std::filesystem::path const& planned);

/// Checks the files that SQLite keeps beside the database. Throws start_error: configuration when one is a symbolic
/// link, another user's, or writable by others; io when it is not a regular file.
void reject_wrong_companions(std::filesystem::path const& path);

/// Removes the permissions of other users, before any connection of this process has the file open (closing a
/// descriptor drops its locks). False: there were none, or this user may not change them.
bool make_private(std::filesystem::path const& path);

/// Writes the file's data and its name to the disk. Throws start_error(io).
void sync_to_disk(std::filesystem::path const& path);

/// Writes the names in the file's folder to the disk. Throws start_error(io).
void sync_folder_of(std::filesystem::path const& path);

/// Checks an existing file by its mode and its first bytes, and changes nothing. An empty file passes. `newest` is the
/// latest schema version that this program knows.
/// Throws start_error: configuration when it, or a file that SQLite keeps beside it, is a symbolic link, another
/// user's, or writable by others; bad_data when it is not an SQLite database, another program's, or newer; io when it
/// cannot be read, is not a file, or is read-only. Throws error.
void reject_wrong_file(std::filesystem::path const& path, int newest);

/// The error of a start that `problem` prevents: bad_data when the file's content is at fault, else io.
start_error explain(std::filesystem::path const& path, error const& problem);

/// "cannot open PATH: REASON", in one line.
start_error cannot_open(start_errc code, std::filesystem::path const& path, std::string reason);

}  // namespace porter::detail::store::sqlite
