#include "store/sqlite/administration/backup.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "store/sqlite/administration/copy.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

start_error cannot_create(std::filesystem::path const& file, int error)
{
    auto const reason = error == EEXIST ? std::string{"it exists, and a backup replaces nothing"}
                                        : std::generic_category().message(error);
    return start_error{start_errc::cannot_create, "cannot create " + file.string() + ": " + reason};
}

/// Renames a file unless the name exists. Not every file system can do that in one step.
void move_without_replacing(std::filesystem::path const& from, std::filesystem::path const& to)
{
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno != EINVAL && errno != ENOSYS) throw cannot_create(to, errno);
    if (::link(from.c_str(), to.c_str()) != 0) throw cannot_create(to, errno);
}

}  // namespace

bool back_up(database& db, std::filesystem::path const& file, progress const& report)
{
    std::error_code unknown;
    if (std::filesystem::symlink_status(file, unknown).type() != std::filesystem::file_type::not_found) {
        throw cannot_create(file, unknown ? unknown.value() : EEXIST);
    }
    temporary_file const temporary{file};
    try {
        if (!copy_whole(db, temporary.path(), report)) return false;
    } catch (error const& problem) {
        if (problem.is_busy() || problem.is_bad_data()) throw;
        throw start_error{start_errc::io, "cannot write " + file.string() + ": " + problem.what()};
    }
    sync_to_disk(temporary.path());
    move_without_replacing(temporary.path(), file);
    sync_to_disk(file);
    return true;
}

}  // namespace porter::detail::store::sqlite::administration
