#include "store/sqlite/administration/backup.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "store/sqlite/failure.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/online_backup.hpp"

namespace porter::rooms::store::sqlite::administration {

namespace {

using kind = start_error::kind;

/// A private file that goes when this does. It stands beside `wanted`: a rename does not leave the file system.
class temporary_file {
public:
    explicit temporary_file(std::filesystem::path const& wanted) : path_(wanted)
    {
        path_ += ".partial-" + std::to_string(::getpid());
        if (!make_private_file(path_)) throw start_error{kind::cannot_create, path_.string() + " is in the way"};
    }
    ~temporary_file()
    {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    temporary_file(temporary_file const&) = delete;
    temporary_file& operator=(temporary_file const&) = delete;

    std::filesystem::path const& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

start_error cannot_create(std::filesystem::path const& file, int error)
{
    auto const why = error == EEXIST ? std::string{"it exists, and a backup replaces nothing"}
                                     : std::generic_category().message(error);
    return start_error{kind::cannot_create, "cannot create " + file.string() + ": " + why};
}

/// Gives the file its name, unless something has it. Not every file system can do that in one step.
void move_without_replacing(std::filesystem::path const& from, std::filesystem::path const& to)
{
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno != EINVAL && errno != ENOSYS) throw cannot_create(to, errno);
    if (::link(from.c_str(), to.c_str()) != 0) throw cannot_create(to, errno);
}

/// False: it was stopped.
bool copy_pages(database& to, database& from, progress const& tell)
{
    constexpr int pages_at_once = 256;  // 1 MiB: often enough for a bar that moves and for Ctrl-C
    auto const page = static_cast<std::uint64_t>(from.integer("PRAGMA page_size"));
    online_backup copy{to, from};
    bool more = true;
    while (more) {
        more = copy.step(pages_at_once);
        if (!tell(copy.done() * page, copy.total() * page)) return false;
    }
    return true;
}

/// One file that can be read without another beside it: porterd gives it a write-ahead log again when it opens it.
void settle(database& copy, std::filesystem::path const& source)
{
    copy.execute("PRAGMA journal_mode = DELETE");
    if (auto const verdict = copy.text("PRAGMA quick_check(1)"); verdict != "ok") {
        throw cannot_open(kind::bad_data, source, "it is damaged: " + verdict);
    }
}

}  // namespace

bool back_up(database& db, std::filesystem::path const& file, progress const& tell)
{
    std::error_code unknown;
    if (std::filesystem::symlink_status(file, unknown).type() != std::filesystem::file_type::not_found) {
        throw cannot_create(file, unknown ? unknown.value() : EEXIST);
    }
    temporary_file const made{file};
    try {
        database copy{made.path(), database::access::read_write};
        copy.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");  // a copy cut off is thrown away
        if (!copy_pages(copy, db, tell)) return false;
        settle(copy, db.text("SELECT file FROM pragma_database_list WHERE name = 'main'"));
    } catch (failure const& problem) {
        if (problem.is_busy() || problem.is_bad_data()) throw;
        throw start_error{kind::io, "cannot write " + file.string() + ": " + problem.what()};
    }
    sync_to_disk(made.path());
    move_without_replacing(made.path(), file);
    sync_to_disk(file);
    return true;
}

}  // namespace porter::rooms::store::sqlite::administration
