#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace porter::detail::store::sqlite {

/// One connection to a database file. Used by one thread at a time. Every member may throw failure, unless noexcept.
class database {
public:
    enum class access : std::uint8_t {
        read_only,
        read_write,
        file_alone,  ///< what stands in the file itself, without its write-ahead log and without a lock
    };

    /// Opens an existing file. SQLite's own checkpoints after a commit are off: in SQLite before 3.51.3 a checkpoint
    /// that races with a commit elsewhere can damage the file, so only the writer checkpoints, by checkpoint().
    database(std::filesystem::path const& file, access how);
    ~database();
    database(database const&) = delete;
    database& operator=(database const&) = delete;

    /// Runs statements that are not worth keeping prepared; rows are thrown away.
    void execute(std::string const& sql);

    /// The first column of the first row, for pragmas and counts; 0 or empty when there is no row.
    std::int64_t integer(std::string_view sql);
    std::string text(std::string_view sql);

    /// The first bytes of the file as they are on the disk, read without a lock; zeroes follow where it ends.
    using beginning = std::array<unsigned char, 100>;
    beginning first_bytes();

    /// How long a statement waits for a lock that another connection holds before it fails as busy.
    void wait_for_locks(std::chrono::milliseconds longest) noexcept;

    /// Whether SQLite could open the file for reading only, whatever it was asked for.
    bool is_read_only() const noexcept;
    bool in_transaction() const noexcept;
    /// The id that the last INSERT gave.
    std::int64_t last_id() const noexcept;
    /// How many rows the last INSERT, UPDATE or DELETE itself changed; what its triggers did does not count.
    std::int64_t changes() const noexcept;

    /// Whether the file that is open has its name no more: it was replaced or removed since.
    bool is_moved();

    /// How many pages the write-ahead log held after the last commit of this connection.
    int wal_pages() const noexcept { return wal_pages_; }

    /// Leaves the write-ahead log alone when this connection is the last one to close: for programs beside porterd,
    /// since only porterd moves the log into the file.
    void leave_log_when_closing() noexcept;

    /// Moves the write-ahead log into the file and empties it, while it holds the write lock. False: somebody reads
    /// or writes for longer than we wait; no harm is done.
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
};

}  // namespace porter::detail::store::sqlite
