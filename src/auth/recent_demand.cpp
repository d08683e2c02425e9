#include "auth/recent_demand.hpp"

#include <utility>

namespace porter::rooms::auth {

std::size_t recent_demand::add(std::string const& network, time_point now)
{
    bool const over = now - began_ >= period;
    if (over || now_.size() >= most_networks) {
        before_ = std::exchange(now_, {});
        if (now - began_ >= 2 * period) before_.clear();
        began_ = now;
    }
    auto const earlier = before_.find(network);
    return ++now_[network] + (earlier != before_.end() ? earlier->second : 0);
}

}  // namespace porter::rooms::auth
