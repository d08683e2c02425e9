#include "store/sqlite/administration/status.hpp"

#include <fcntl.h>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/file.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

std::uint64_t size_of(std::filesystem::path const& file)
{
    std::error_code missing;
    auto const size = std::filesystem::file_size(file, missing);
    return missing ? 0 : size;
}

std::filesystem::path beside(std::filesystem::path file, char const* suffix)
{
    file += suffix;
    return file;
}

std::uint64_t count(database& db, std::string_view sql)
{
    return static_cast<std::uint64_t>(db.integer(sql));
}

}  // namespace

std::vector<applied_migration> list_migrations(database& db)
{
    std::vector<applied_migration> all;
    statement row{db, "SELECT version, name, applied_at FROM schema_migrations ORDER BY version"};
    while (row.step()) all.push_back({static_cast<int>(row.integer(0)), row.text(1), row.time(2)});
    return all;
}

store_status status_of(database& db)
{
    store_status status;
    status.version = static_cast<int>(db.integer("PRAGMA user_version"));
    status.newest = newest_version();
    if (status.version == 0) return status;  // it has no tables yet

    status.migrations = list_migrations(db);
    status.accounts = count(db, "SELECT count(*) FROM accounts");
    status.disabled_accounts = count(db, "SELECT count(*) FROM accounts WHERE disabled_at IS NOT NULL");
    status.sessions = count(db, "SELECT count(*) FROM sessions");
    status.addresses = count(db, "SELECT count(*) FROM addresses");
    return status;
}

file_sizes sizes_of(std::filesystem::path const& file)
{
    return {size_of(file), size_of(beside(file, "-wal"))};
}

std::optional<file_user> user_of(std::filesystem::path const& file)
{
    // A connection holds a lock on this byte of the write-ahead log's shared index from its first use to its end:
    // https://www.sqlite.org/walformat.html, 2.3 (the "dead man switch" lock of the Unix VFS).
    constexpr ::off_t switch_at = 128;
    auto const index = beside(file, "-shm");
    base::unique_fd const opened{::open(index.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!opened) return std::nullopt;
    struct ::flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = switch_at;
    lock.l_len = 1;
    if (::fcntl(opened.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;

    file_user user;
    user.process = std::max<::pid_t>(lock.l_pid, 0);
    std::ifstream name{"/proc/" + std::to_string(user.process) + "/comm"};
    std::getline(name, user.program);
    return user;
}

}  // namespace porter::detail::store::sqlite::administration
