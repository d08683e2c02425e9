#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/audit.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace porter::detail::store::sqlite {

/// The author of the changes of a connection, for the rows of audit that the schema's triggers append.
struct audit_author {
    std::string actor = "shell";            ///< as in audit; "porterd": it acts for users, too
    std::optional<store::audit_key> key{};  ///< none: the rows stay unsealed, for porterd to seal
    std::int64_t last_number = 0;           ///< of the last row that it has sealed: the chain never gets shorter
    bool is_broken = false;                 ///< the chain is not as the owner of the key left it: nothing is sealed
};

/// One connection to a database file. Used by one thread at a time. Every member may throw error, unless noexcept.
class database {
public:
    enum class access : std::uint8_t {
        read_only,
        read_write,
        immutable,  ///< the file alone, without its write-ahead log and without a lock
    };

    /// Opens an existing file. SQLite's own checkpoints after a commit are off: in SQLite before 3.51.3 a checkpoint
    /// that races with a commit elsewhere can damage the file, so only the writer checkpoints, by checkpoint().
    database(std::filesystem::path const& file, access mode);
    ~database();
    database(database const&) = delete;
    database& operator=(database const&) = delete;

    /// Runs statements that are not kept prepared; discards their rows.
    void execute(std::string const& sql);

    /// The first column of the first row, for pragmas and counts; 0 or empty when there is no row.
    std::int64_t integer(std::string_view sql);
    std::string text(std::string_view sql);

    /// The first bytes of the file on the disk, read without a lock; zeroes after its end.
    using beginning = std::array<unsigned char, 100>;
    beginning first_bytes();

    /// Sets how long a statement waits for a lock of another connection before it fails as busy.
    void wait_for_locks(std::chrono::milliseconds timeout) noexcept;

    /// Whether SQLite could open the file for reading only, whatever the access.
    bool is_read_only() const noexcept;
    bool in_transaction() const noexcept;
    /// The id of the last row inserted.
    std::int64_t last_id() const noexcept;
    /// The number of rows that the last INSERT, UPDATE or DELETE changed, without those that its triggers changed.
    std::int64_t changes() const noexcept;

    /// Whether the open file was replaced or removed at its path.
    bool is_moved();

    /// The author of its changes.
    audit_author& author() noexcept { return author_; }

    /// The pages in the write-ahead log after the last commit of this connection.
    int wal_pages() const noexcept { return wal_pages_; }

    /// Keeps the write-ahead log when this connection is the last one to close: only porterd checkpoints it.
    void keep_log_on_close() noexcept;

    /// Copies the write-ahead log into the file and empties it, under the write lock. False: another connection read or
    /// wrote for longer than wait_for_locks() allows; the log stays.
    bool checkpoint();

private:
    friend class online_backup;
    friend class statement;

    struct closing {
        void operator()(sqlite3* handle) const noexcept;
    };
    struct finalizing {
        void operator()(sqlite3_stmt* handle) const noexcept;
    };

    sqlite3_stmt* prepared(std::string_view sql);
    [[noreturn]] void fail(int result) const;

    std::unique_ptr<sqlite3, closing> handle_;
    std::map<std::string, std::unique_ptr<sqlite3_stmt, finalizing>, std::less<>> prepared_;
    int wal_pages_ = 0;
    audit_author author_;
};

}  // namespace porter::detail::store::sqlite
