#include "store/sqlite/administration/copy.hpp"

#include <unistd.h>

#include <string>
#include <system_error>

#include "store/sqlite/file.hpp"
#include "store/sqlite/online_backup.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

/// False: `report` stopped the copy.
bool copy_pages(database& to, database& from, progress const& report)
{
    constexpr int pages_at_once = 256;  // 1 MiB: often enough for a progress bar and for Ctrl-C
    auto const page = static_cast<std::uint64_t>(from.integer("PRAGMA page_size"));
    online_backup copy{to, from};
    bool more = true;
    while (more) {
        more = copy.step(pages_at_once);
        if (!report(copy.done() * page, copy.total() * page)) return false;
    }
    return true;
}

/// Leaves one file without a log beside it; porterd turns the write-ahead log on again when it opens the file.
void finish_copy(database& copy, std::filesystem::path const& source)
{
    copy.execute("PRAGMA journal_mode = DELETE");
    if (auto const damage = copy.text("PRAGMA quick_check(1)"); damage != "ok") {
        throw cannot_open(start_errc::bad_data, source, "it is damaged: " + damage);
    }
}

}  // namespace

temporary_file::temporary_file(std::filesystem::path const& wanted) : path_(wanted)
{
    path_ += ".partial-" + std::to_string(::getpid());
    if (!make_private_file(path_)) throw start_error{start_errc::cannot_create, path_.string() + " is in the way"};
}

temporary_file::~temporary_file()
{
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

bool copy_whole(database& from, std::filesystem::path const& to, progress const& report)
{
    database copy{to, database::access::read_write};
    copy.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");  // an incomplete copy is removed
    if (!copy_pages(copy, from, report)) return false;
    finish_copy(copy, from.text("SELECT file FROM pragma_database_list WHERE name = 'main'"));
    return true;
}

}  // namespace porter::detail::store::sqlite::administration
