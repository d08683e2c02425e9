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

/// Detects that the files of an open database (the file, -wal and -shm) were removed or replaced. SQLite keeps using
/// them: its writes are lost at the next start, and it does not see those of other programs
/// (https://www.sqlite.org/howtocorrupt.html, 2.4). Safe from any thread.
class file_watch {
public:
    /// Records the present files; the database is open and has its write-ahead log. `log` outlives this object.
    file_watch(std::filesystem::path const& file, log::logger& log);

    /// Whether the files are lost. Checks them by three system calls, logs the first loss as `database_lost`, and
    /// returns true from then on. A file whose status cannot be read counts as unchanged.
    bool detect_loss();

    /// Marks the database as lost because its schema version is not this program's.
    void mark_wrong_version(std::int64_t found_version, std::int64_t own_version);

    /// Whether no other program can use another log than the open one, so that the open one may be checkpointed. False
    /// when its index was removed: other programs may have written since.
    bool has_own_log() const;

    /// To be called once, after the connections are closed; allocates nothing. When the database was removed or
    /// replaced, removes its log if that is empty, else renames it (`database_log_set_aside`), so that SQLite does not
    /// replay it over another database.
    void clear_away(bool is_empty);

    std::filesystem::path const& file() const noexcept { return file_; }

    /// The reason of the loss, in a sentence.
    std::string reason() const;

private:
    enum class loss : std::uint8_t { none, file, newer, older };

    bool set_lost(loss kind);

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
    std::string name_aside_;  // of a log that is set aside; its time is added then
    std::array<std::optional<identity>, suffixes.size()> opened_;
    std::int64_t found_version_ = 0;  // written before lost_, once
    std::int64_t own_version_ = 0;
    std::atomic<loss> lost_ = loss::none;
};

}  // namespace porter::detail::store::sqlite
