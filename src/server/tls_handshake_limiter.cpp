#include "server/tls_handshake_limiter.hpp"

#include <algorithm>
#include <asio/post.hpp>

namespace porter::rooms::server {

struct tls_handshake_limiter::entry {
    entry(tls::stream& socket_, origins const& origins_)
        : executor(socket_.get_executor()), origins(origins_), socket(&socket_)
    {}

    /// The handshakes from its origins.
    auto weight() const noexcept
    {
        by_prefix<std::size_t> counted{};
        std::ranges::transform(origins, counted.begin(), [](auto const& origin) { return origin->second; });
        return counted;
    }

    io_executor const executor;
    tls_handshake_limiter::origins const origins;            // of the limiter's counts
    std::list<std::shared_ptr<entry>>::iterator position{};  // in entries_
    bool has_slot = true;
    // For the executor's thread:
    tls::stream* socket;  // none: the handshake is over
    bool is_evicted = false;
};

tls_handshake_limiter::slot::~slot()
{
    mine_->socket = nullptr;
    std::lock_guard const lock{from_.mutex_};
    if (mine_->has_slot) from_.remove(*mine_);
}

bool tls_handshake_limiter::slot::is_evicted() const noexcept
{
    return mine_->is_evicted;
}

tls_handshake_limiter::slot tls_handshake_limiter::take(identity::address const& from, tls::stream& socket)
{
    std::shared_ptr<entry> mine;
    std::shared_ptr<entry> evicted;
    {
        std::lock_guard const lock{mutex_};
        mine = std::make_shared<entry>(socket, count(from));
        if (entries_.size() >= limit_) evicted = evict_one();
        mine->position = entries_.insert(entries_.end(), mine);
    }
    if (evicted) {
        asio::post(evicted->executor, [evicted] {
            if (evicted->socket == nullptr) return;  // it has ended meanwhile
            evicted->is_evicted = true;
            evicted->socket->cancel();
        });
    }
    return {*this, mine};
}

tls_handshake_limiter::origin tls_handshake_limiter::origin_of(identity::address const& from, unsigned prefix)
{
    if (from.ip().is_v4()) return {false, from.ip().to_v4().to_uint()};
    auto const bytes = from.ip().to_v6().to_bytes();
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < prefix / 8; ++i) bits = bits << 8 | bytes[i];
    return {true, bits};
}

tls_handshake_limiter::origins tls_handshake_limiter::count(identity::address const& from)
{
    origins found;
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
        found[i] = handshakes_[i].try_emplace(origin_of(from, prefixes[i])).first;
        ++found[i]->second;
    }
    return found;
}

void tls_handshake_limiter::remove(entry const& one) noexcept
{
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
        auto const counted = one.origins[i];
        if (--counted->second == 0) handshakes_[i].erase(counted);
    }
    entries_.erase(one.position);
}

std::shared_ptr<tls_handshake_limiter::entry> tls_handshake_limiter::evict_one()
{
    auto const weight = [](auto const& each) { return each->weight(); };
    auto evicted = *std::ranges::max_element(entries_, {}, weight);  // the first of equal ones
    evicted->has_slot = false;
    remove(*evicted);
    return evicted;
}

std::size_t tls_handshake_limiter::taken() const
{
    std::lock_guard const lock{mutex_};
    return entries_.size();
}

}  // namespace porter::rooms::server
