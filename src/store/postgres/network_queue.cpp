#include "store/postgres/network_queue.hpp"

#include <utility>

namespace porter::detail::store::postgres {

task<void> network_queue::begin(std::string const& network)
{
    networks made;
    made.try_emplace(network);
    auto one = made.extract(made.begin());
    waiting none;
    if (try_begin(one, none)) co_return;
    auto const executor = co_await asio::this_coro::executor;
    waiting last;
    last.emplace_back(executor);
    auto const initiate = [this, &one, &last](base::resume_handler<bool> handler) {
        last.front().suspend(std::move(handler));
        // The network may be free by now.
        if (try_begin(one, last)) last.front().resume(true);
    };
    auto operation = base::suspend<bool>(initiate);
    co_await std::move(operation);
}

bool network_queue::try_begin(networks::node_type& one, waiting& last)
{
    std::lock_guard const lock{mutex_};
    auto const found = busy_.find(one.key());
    if (found == busy_.end()) {
        busy_.insert(std::move(one));
        return true;
    }
    found->second.splice(found->second.end(), last);
    return false;
}

void network_queue::end(std::string const& network) noexcept
{
    waiting next;
    {
        std::lock_guard const lock{mutex_};
        auto const found = busy_.find(network);
        if (found->second.empty()) {
            busy_.erase(found);
        } else {
            next.splice(next.end(), found->second, found->second.begin());
        }
    }
    if (!next.empty()) next.front().resume(true);
}

}  // namespace porter::detail::store::postgres
