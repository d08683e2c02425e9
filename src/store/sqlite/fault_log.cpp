#include "store/sqlite/fault_log.hpp"

#include <sqlite3.h>

#include <utility>

namespace porter::detail::store::sqlite {

void fault_log::report(std::string_view during, error const& problem)
{
    report(during, problem.extended_code(), problem.what());
}

void fault_log::report_no_memory(std::string_view during)
{
    report(during, SQLITE_NOMEM, sqlite3_errstr(SQLITE_NOMEM));
}

void fault_log::report(std::string_view during, int code, std::string_view problem)
{
    std::lock_guard const lock{mutex_};
    auto const now = std::chrono::steady_clock::now();
    if (last_ && now - *last_ < pause) {
        ++left_out_;
        return;
    }
    last_ = now;
    log_.error("store_failed", {{"during", during},
                                {"code", code},
                                log::quoted("problem", problem),
                                {"left_out", std::exchange(left_out_, 0)}});
}

}  // namespace porter::detail::store::sqlite
