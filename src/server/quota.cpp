#include "server/quota.hpp"

namespace porter::rooms::server {

admission::~admission()
{
    if (quota_ != nullptr) quota_->give_back(network_);
}

std::optional<admission> quota::admit(std::string const& network)
{
    std::lock_guard const lock{mutex_};
    if (in_all_ != 0 && taken_ >= in_all_) return std::nullopt;
    auto& here = by_network_[network];
    if (per_network_ != 0 && here >= per_network_) return std::nullopt;
    ++here;
    ++taken_;
    return admission{*this, network};
}

std::size_t quota::taken() const
{
    std::lock_guard const lock{mutex_};
    return taken_;
}

void quota::give_back(std::string const& network) noexcept
{
    std::lock_guard const lock{mutex_};
    --taken_;
    auto const here = by_network_.find(network);
    if (--here->second == 0) by_network_.erase(here);
}

}  // namespace porter::rooms::server
