#include "server/handshake_places.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <string_view>
#include <unordered_map>

namespace porter::rooms::server {

struct handshake_places::entry {
    entry(std::string const& network_, tls::stream& socket_)
        : network(network_), executor(socket_.get_executor()), socket(&socket_)
    {}

    std::string const network;
    io_executor const executor;
    tls::stream* socket;  // none: the handshake is over. This and what follows are for the executor's thread
    bool gave_way = false;
};

handshake_places::place::~place()
{
    mine_->socket = nullptr;
    std::lock_guard const lock{from_.mutex_};
    std::erase(from_.places_, mine_);
}

bool handshake_places::place::gave_way() const noexcept
{
    return mine_->gave_way;
}

handshake_places::place handshake_places::take(std::string const& network, tls::stream& socket)
{
    auto const mine = std::make_shared<entry>(network, socket);
    std::shared_ptr<entry> late;
    {
        std::lock_guard const lock{mutex_};
        if (places_.size() >= most_) late = give_up_one_for(network);
        places_.push_back(mine);
    }
    if (late) {
        asio::post(late->executor, [late] {
            if (late->socket == nullptr) return;  // it has ended meanwhile
            late->gave_way = true;
            late->socket->cancel();
        });
    }
    return {*this, mine};
}

std::shared_ptr<handshake_places::entry> handshake_places::give_up_one_for(std::string const& network)
{
    std::unordered_map<std::string_view, std::size_t> counts;
    counts[network] = 1;
    std::size_t most = 0;
    for (auto const& each : places_) most = std::max(most, ++counts[each->network]);
    auto const is_heaviest = [&](auto const& each) { return counts[each->network] == most; };
    auto const found = std::ranges::find_if(places_, is_heaviest);
    auto given_up = *found;
    places_.erase(found);
    return given_up;
}

std::size_t handshake_places::taken() const
{
    std::lock_guard const lock{mutex_};
    return places_.size();
}

}  // namespace porter::rooms::server
