#include "store/postgres/fault_log.hpp"

#include <utility>

namespace porter::detail::store::postgres {

void fault_log::report(std::string_view during, std::string_view code, std::string_view problem)
{
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

}  // namespace porter::detail::store::postgres
