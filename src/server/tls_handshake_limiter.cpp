#include "server/tls_handshake_limiter.hpp"

#include <asio/post.hpp>
#include <tuple>

namespace porter::detail::server {
namespace {

/// The first bits of an IPv6 address, or an IPv4 address, which is no part of 2000::/3, where the others are.
std::uint64_t origin_of(identity::address const& from, unsigned prefix)
{
    if (from.ip().is_v4()) return from.ip().to_v4().to_uint();
    auto const bytes = from.ip().to_v6().to_bytes();
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | (i < prefix / 8 ? bytes[i] : 0);
    return bits;
}

}  // namespace

struct tls_handshake_limiter::entry : std::enable_shared_from_this<entry> {
    entry(std::uint64_t number_, identity::address const& from, tls::stream& socket_)
        : number(number_), executor(socket_.get_executor()), socket(&socket_)
    {
        for (std::size_t i = 0; i < prefixes.size(); ++i) origins[i] = origin_of(from, prefixes[i]);
    }

    std::uint64_t const number;
    std::array<std::uint64_t, prefixes.size()> origins{};
    std::array<std::list<entry*>::iterator, levels> positions{};  // in handshakes of all and of its origins
    bool has_slot = true;

    io_executor const executor;  // on whose thread alone the rest is used
    tls::stream* socket;         // none: the handshake is over
    bool is_evicted = false;
};

tls_handshake_limiter::slot::~slot()
{
    mine_->socket = nullptr;
    std::lock_guard const lock{from_.mutex_};
    if (mine_->has_slot) remove(from_.all_, *mine_);
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
        mine = std::make_shared<entry>(++latest_, from, socket);
        add(all_, *mine);
        if (all_.handshakes.size() > limit_) {
            evicted = heaviest().shared_from_this();
            evicted->has_slot = false;
            remove(all_, *evicted);
        }
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

bool tls_handshake_limiter::origin::heavier::operator()(origin const* a, origin const* b) const noexcept
{
    auto const rank = [](origin const* one) {
        auto const& oldest = *one->handshakes.front();
        return std::tuple{~one->handshakes.size(), oldest.number};
    };
    return rank(a) < rank(b);
}

void tls_handshake_limiter::add(origin& to, entry& one, std::size_t level)
{
    one.positions[level] = to.handshakes.insert(to.handshakes.end(), &one);
    if (level == prefixes.size()) return;
    auto& part = to.parts[one.origins[level]];
    if (part) {
        to.by_weight.erase(part.get());
    } else {
        part = std::make_unique<origin>();
    }
    add(*part, one, level + 1);
    to.by_weight.insert(part.get());
}

void tls_handshake_limiter::remove(origin& from, entry& one, std::size_t level) noexcept
{
    if (level < prefixes.size()) {
        auto const part = from.parts.find(one.origins[level]);
        auto ranked = from.by_weight.extract(part->second.get());
        remove(*part->second, one, level + 1);
        if (part->second->handshakes.empty()) {
            from.parts.erase(part);
        } else {
            from.by_weight.insert(std::move(ranked));
        }
    }
    from.handshakes.erase(one.positions[level]);
}

tls_handshake_limiter::entry& tls_handshake_limiter::heaviest() const noexcept
{
    auto const* found = &all_;
    while (!found->by_weight.empty()) found = *found->by_weight.begin();
    return *found->handshakes.front();
}

std::size_t tls_handshake_limiter::taken() const
{
    std::lock_guard const lock{mutex_};
    return all_.handshakes.size();
}

}  // namespace porter::detail::server
