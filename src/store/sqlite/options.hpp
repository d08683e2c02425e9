#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace porter::detail::store::sqlite {

struct options {
    std::filesystem::path path;                     ///< the database file; its folder exists
    std::chrono::milliseconds busy_timeout{2'000};  ///< how long a write waits for others' locks: then `unavailable`
    std::size_t queue_limit = 8'192;                ///< requests that may wait, of each kind: more are `unavailable`
    std::uintmax_t whole_check_limit = 8 * 1024 * 1024;  ///< bytes; a larger file is not read whole at every start
    int checkpoint_pages = 1'000;  ///< pages of 4 KiB in the write-ahead log that are worth moving into the file
};

}  // namespace porter::detail::store::sqlite
