#include "store/sqlite/database.hpp"

#include <sqlite3.h>

#include <system_error>

#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

int note_wal_pages(void* pages, sqlite3*, char const*, int count)
{
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
}

/// https://www.sqlite.org/uri.html
std::string immutable_uri(std::string_view path)
{
    std::string uri{"file:"};
    for (char const each : path) {
        switch (each) {
            case '%':
                uri += "%25";
                break;
            case '?':
                uri += "%3f";
                break;
            case '#':
                uri += "%23";
                break;
            default:
                uri += each;
        }
    }
    return uri + "?immutable=1";
}

}  // namespace

void database::closing::operator()(sqlite3* handle) const noexcept
{
    sqlite3_close_v2(handle);
}

void database::finalizing::operator()(sqlite3_stmt* handle) const noexcept
{
    sqlite3_finalize(handle);
}

database::database(std::filesystem::path const& file, access mode)
{
    int flags = mode == access::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    auto name = file.string();
    if (mode == access::immutable) {
        flags |= SQLITE_OPEN_URI;
        name = immutable_uri(name);
    }
    sqlite3* opened = nullptr;
    int const result =
        sqlite3_open_v2(name.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.reset(opened);
    if (result != SQLITE_OK) {
        if (!opened) throw error{result, sqlite3_errstr(result)};
        fail(result);
    }

    // The content of the file must not control the connection: https://www.sqlite.org/security.html.
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_wal_hook(opened, note_wal_pages, &wal_pages_);         // replaces SQLite's checkpoints after commits
    execute("PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON");  // neither reads the file
}

database::~database() = default;

void database::execute(std::string const& sql)
{
    int const result = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) fail(result);
}

std::int64_t database::integer(std::string_view sql)
{
    statement query{*this, sql};
    return query.step() ? query.integer(0) : 0;
}

std::string database::text(std::string_view sql)
{
    statement query{*this, sql};
    return query.step() ? query.text(0) : std::string{};
}

database::beginning database::first_bytes()
{
    // By SQLite's descriptor: closing another one would drop every lock that this process holds on the file.
    beginning bytes{};
    sqlite3_file* file = nullptr;
    sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file));
    int const result = file->pMethods->xRead(file, bytes.data(), static_cast<int>(bytes.size()), 0);
    if (result != SQLITE_OK && result != SQLITE_IOERR_SHORT_READ) throw error{result, sqlite3_errstr(result)};
    return bytes;
}

void database::wait_for_locks(std::chrono::milliseconds timeout) noexcept
{
    sqlite3_busy_timeout(handle_.get(), static_cast<int>(timeout.count()));
}

bool database::is_read_only() const noexcept
{
    return sqlite3_db_readonly(handle_.get(), "main") == 1;
}

bool database::is_moved()
{
    int moved = 0;
    int const result = sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (result != SQLITE_OK) fail(result);
    return moved != 0;
}

bool database::in_transaction() const noexcept
{
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

std::int64_t database::last_id() const noexcept
{
    return sqlite3_last_insert_rowid(handle_.get());
}

std::int64_t database::changes() const noexcept
{
    return sqlite3_changes64(handle_.get());
}

void database::keep_log_on_close() noexcept
{
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

bool database::checkpoint()
{
    int const result = sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if ((result & 0xff) == SQLITE_BUSY) return false;
    if (result != SQLITE_OK) fail(result);
    wal_pages_ = 0;
    return true;
}

sqlite3_stmt* database::prepared(std::string_view sql)
{
    if (auto const known = prepared_.find(sql); known != prepared_.end()) return known->second.get();
    sqlite3_stmt* handle = nullptr;
    int const result = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (result != SQLITE_OK) fail(result);
    std::unique_ptr<sqlite3_stmt, finalizing> owned{handle};
    prepared_.emplace(sql, std::move(owned));
    return handle;
}

void database::fail(int result) const
{
    std::string message = sqlite3_errmsg(handle_.get());
    int const primary = result & 0xff;
    int const system = sqlite3_system_errno(handle_.get());
    if (system != 0 && (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR)) {
        message += ": " + std::generic_category().message(system);
    }
    throw error{result, message};
}

}  // namespace porter::detail::store::sqlite
