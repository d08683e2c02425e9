#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "log/logger.hpp"

namespace porter::detail::store::sqlite {

/// Whether the files of an open database (itself, -wal and -shm) still have their names. SQLite goes on with files that
/// were removed or replaced: what it writes is gone at the next start, and what others write it never sees
/// (https://www.sqlite.org/howtocorrupt.html, 2.4). Safe from any thread.
class file_watch {
public:
    /// Takes the files as they are now: the database is open, and has its write-ahead log. `log` outlives this.
    file_watch(std::filesystem::path const& file, log::logger& log);

    /// Looks. Once they were not the same it stays so; the first time that is logged as `database_lost`. What cannot be
    /// looked at is taken for unchanged. Costs three system calls.
    bool is_lost();

    /// The files are there, but the database has another version than this program's: lost from now on.
    void mark_wrong_version(std::int64_t found_version, std::int64_t own_version);

    /// Whether the log that is open is the one that others use, or nobody uses another: what it holds may be moved into
    /// the file that is open. Not so where its index was taken away: others may have written behind our back.
    bool has_own_log() const;

    /// The connections are closed. Where the database itself is not there any more its log, if that is still ours, goes
    /// as well when it is empty, else it gets another name (`database_log_set_aside`): it is not played over what took
    /// the database's place.
    void clear_away(bool is_empty);

    std::filesystem::path const& file() const noexcept { return file_; }

    /// Why it is lost, in a sentence.
    std::string reason() const;

private:
    enum class loss : std::uint8_t { none, file, newer, older };

    bool set_lost(loss what);

    struct identity {
        ::dev_t device{};
        ::ino_t number{};
        bool operator==(identity const&) const = default;
    };

    static constexpr std::array<char const*, 3> suffixes{"", "-wal", "-shm"};

    enum : std::size_t { of_database, of_log, of_index };

    static std::optional<identity> identity_of(std::string const& path);
    bool is_ours(std::size_t each) const;
    bool is_gone(std::size_t each) const;

    std::filesystem::path file_;
    log::logger& log_;
    std::array<std::string, suffixes.size()> paths_;
    std::array<std::optional<identity>, suffixes.size()> opened_;
    std::int64_t found_version_ = 0;  // written before lost_, once
    std::int64_t own_version_ = 0;
    std::atomic<loss> lost_ = loss::none;
};

}  // namespace porter::detail::store::sqlite
