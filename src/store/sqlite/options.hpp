#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace porter::detail::store::sqlite {

struct options {
    std::filesystem::path path;                          ///< the database file; its folder exists
    std::chrono::milliseconds busy_timeout{2'000};       ///< how long a write waits for a lock
    std::chrono::milliseconds start_timeout{30'000};     ///< how long open() does: another program may migrate the file
    std::size_t queue_limit = 8'192;                     ///< waiting operations, of writes and of reads each
    std::uintmax_t whole_check_limit = 8 * 1024 * 1024;  ///< bytes; a larger file is not read whole at a start
    std::filesystem::path audit_key_file{};              ///< porterd creates it; empty: rows of audit stay unsealed
    std::string actor = "porterd";                       ///< in rows of audit
    std::chrono::seconds audit_keep{0};                  ///< how long rows of audit are kept; 0: for ever
    int checkpoint_pages = 1'000;                        ///< pages of 4 KiB in the write-ahead log before a checkpoint
};

}  // namespace porter::detail::store::sqlite
