#include "store/sqlite/fault_log.hpp"

#include <utility>

namespace porter::detail::store::sqlite {

void fault_log::report(std::string_view during, error const& problem)
{
    std::lock_guard const lock{mutex_};
    auto const now = std::chrono::steady_clock::now();
    if (last_ && now - *last_ < pause) {
        ++left_out_;
        return;
    }
    last_ = now;
    log_.error("store_failed", {{"during", during},
                                {"code", problem.extended_code()},
                                log::quoted("problem", problem.what()),
                                {"left_out", std::exchange(left_out_, 0)}});
}

}  // namespace porter::detail::store::sqlite
