#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "porter/start_error.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite {

/// "Port", as the schema writes it into the file: the database is ours.
inline constexpr std::int64_t our_application_id = 0x506f7274;

/// Makes an empty file that only its owner can read or write, whatever the umask, and never through a symbolic link.
/// SQLite gives the files beside it (-wal, -shm, -journal) the same mode. False: something has that name already.
/// Throws start_error(cannot_create).
bool make_private_file(std::filesystem::path const& path);

/// Refuses a name that SQLite cannot work with: it keeps files beside the database whose names are longer, and opens no
/// path of more than 512 bytes. Throws start_error(cannot_create).
void reject_unusable_name(std::filesystem::path const& path);

/// Whether the file exists; false: make_private_file() and SQLite can create their files. `planned`: a folder that the
/// start creates first; empty: none. Creates nothing. Throws start_error: cannot_create; io when
/// SQLite could not make its files beside one that exists.
bool exists_or_can_be_made(std::filesystem::path const& path, std::filesystem::path const& planned);

/// Checks the files that SQLite keeps beside the database. Throws start_error: configuration when
/// one is a symbolic link, another user's, or writable by others; io when it is no regular file.
void reject_wrong_companions(std::filesystem::path const& path);

/// Takes others' permissions away from a file, before any connection of this process has it open (closing a descriptor
/// drops its locks). False: there was nothing to take, or it is another user's to give.
bool make_private(std::filesystem::path const& path);

/// Has the file's data and its name on the disk when it returns. Throws start_error(io).
void sync_to_disk(std::filesystem::path const& path);

/// Has the names in the file's folder on the disk when it returns. Throws start_error(io).
void sync_folder_of(std::filesystem::path const& path);

/// Judges an existing file by its mode and its first bytes, which leaves no trace. An empty file passes. `newest` is
/// the latest version of the schema that this program knows.
/// Throws start_error: configuration when it, or a file that SQLite keeps beside it, is a symbolic link, another
/// user's, or writable by others; bad_data when it is no SQLite database, that of another program, or newer; io when it
/// cannot be read, is no file, or nobody may write to it. Throws failure.
void reject_wrong_file(std::filesystem::path const& path, int newest);

/// `problem` as people are told of it at the start: bad_data when the file's content is at fault, else io.
start_error explain(std::filesystem::path const& path, error const& problem);

/// "cannot open PATH: REASON", in one line
start_error cannot_open(start_errc why, std::filesystem::path const& path, std::string reason);

}  // namespace porter::detail::store::sqlite
