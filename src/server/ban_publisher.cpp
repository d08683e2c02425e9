#include "server/ban_publisher.hpp"

#include <asio/post.hpp>
#include <utility>

namespace porter::detail::server {

void ban_publisher::publish(std::span<store::ban const> bans)
{
    auto const made = std::make_shared<ban_set const>(bans);
    for (auto* each : workers_.all()) {
        asio::post(each->executor(), [each, made] { each->set_bans(made); });
    }
    {
        std::lock_guard const lock{mutex_};
        current_ = made;
    }
    auto const before = std::exchange(logged_, bans.size());
    if (before == 0 && bans.empty()) return;
    if (made->skipped() == 0) {
        log_.info("bans_changed", {{"bans", made->size()}, {"skipped", 0}});
    } else {
        log_.warn("bans_changed", {{"bans", made->size()}, {"skipped", made->skipped()}});
    }
}

std::shared_ptr<ban_set const> ban_publisher::current() const
{
    std::lock_guard const lock{mutex_};
    return current_;
}

}  // namespace porter::detail::server
