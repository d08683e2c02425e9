#include "server/tls_acceptor.hpp"

#include <array>
#include <asio/post.hpp>
#include <tuple>

#include "base/network.hpp"

namespace porter::detail::server {
namespace {

constexpr unsigned char tls_handshake = 0x16;  // the content type of its first record: RFC 8446, 5.1
constexpr unsigned char plain_frame = 0x00;

/// The first byte, without consuming it. would_block: none has arrived; readiness may be reported without one.
unsigned char first_byte(stream& socket, base::error_code& error)
{
    std::array<unsigned char, 1> first{};
    auto& plain = static_cast<base::tcp_socket&>(socket);
    auto const size = plain.receive(asio::buffer(first), stream::message_peek, error);
    if (!error && size == 0) error = asio::error::eof;
    return first[0];
}

task<result<void, close_reason>> accept_tls(stream& socket, identity::address const& from, tls_acceptor& tls)
{
    auto const slot = tls.handshake_limiter().take(from, socket);
    auto const context = tls.context();
    auto const deadline = std::chrono::steady_clock::now() + handshake_time;
    auto const failed =
        co_await socket.accept_tls(*context, deadline, tls.handshake_threads(), base::site_of(from.network()));
    if (!failed) co_return result<void, close_reason>{};
    auto const reason = slot.is_evicted() ? "too many of them, and this one took longest" : failed.message();
    co_return unexpected(close_reason::lost("TLS handshake: " + reason));
}

/// The first bits of an IPv6 address, or an IPv4 address, which does not collide with 2000::/3, where the others are.
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
    std::array<std::list<entry*>::iterator, levels> positions{};  // in the lists of all_ and of its origins
    bool has_slot = true;

    io_executor const executor;  // the rest is used on its thread only
    tls::stream* socket;         // null: the handshake has ended
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
            if (evicted->socket == nullptr) return;  // it has ended
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

void tls_acceptor::set_key(tls::certified_key const& key)
{
    auto fresh = std::make_shared<tls::server_context const>(key);
    auto fingerprint = key.fingerprint();
    std::lock_guard const lock{mutex_};
    context_ = std::move(fresh);
    fingerprint_ = std::move(fingerprint);
}

std::shared_ptr<tls::server_context const> tls_acceptor::context() const
{
    std::lock_guard const lock{mutex_};
    return context_;
}

std::string tls_acceptor::fingerprint() const
{
    std::lock_guard const lock{mutex_};
    return fingerprint_;
}

task<result<void, close_reason>> detect_tls(stream& socket, identity::address const& from, tls_acceptor* tls)
{
    base::error_code error = asio::error::would_block;
    unsigned char first = 0;
    while (error == asio::error::would_block) {
        base::error_code failed;
        co_await socket.async_wait(stream::wait_read, base::uncancelled(failed));
        if (failed) co_return unexpected(close_reason::lost(failed.message()));
        first = first_byte(socket, error);
    }
    if (error == asio::error::eof) co_return unexpected(close_reason::half_closed());
    if (error) co_return unexpected(close_reason::lost(error.message()));
    if (first == tls_handshake && tls != nullptr) {
        auto accepted = co_await accept_tls(socket, from, *tls);
        co_return accepted;
    }
    if (first != plain_frame) {
        co_return unexpected(
            close_reason::local(code::protocol_error, "this is a porter/1 server: frames begin with a zero byte"));
    }
    if (tls != nullptr && !tls->allows_plaintext(from)) {
        co_return unexpected(close_reason::local(code::tls_required, "connect again with TLS"));
    }
    co_return result<void, close_reason>{};
}

bool begins_tls(stream& socket)
{
    base::error_code error;
    if (socket.available(error) == 0 || error) return false;
    return first_byte(socket, error) == tls_handshake && !error;
}

}  // namespace porter::detail::server
