#include "store/sqlite/online_backup.hpp"

#include <sqlite3.h>

#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite {

online_backup::online_backup(database& to, database& from) : to_(to), from_(from)
{
    // A read transaction for the whole copy: otherwise each commit by others would restart it.
    from_.execute("BEGIN; SELECT count(*) FROM sqlite_schema");
    handle_ = sqlite3_backup_init(to_.handle_.get(), "main", from_.handle_.get(), "main");
    if (!handle_) to_.fail(sqlite3_extended_errcode(to_.handle_.get()));
}

online_backup::~online_backup()
{
    sqlite3_backup_finish(handle_);
    sqlite3_exec(from_.handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

bool online_backup::step(int pages)
{
    int const result = sqlite3_backup_step(handle_, pages);
    if (result == SQLITE_OK) return true;
    if (result == SQLITE_DONE) return false;
    throw error{result, sqlite3_errstr(result)};
}

std::uint64_t online_backup::done() const noexcept
{
    return total() - static_cast<std::uint64_t>(sqlite3_backup_remaining(handle_));
}

std::uint64_t online_backup::total() const noexcept
{
    return static_cast<std::uint64_t>(sqlite3_backup_pagecount(handle_));
}

}  // namespace porter::detail::store::sqlite
