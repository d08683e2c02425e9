#include "server/connection.hpp"

#include "server/exchange.hpp"
#include "server/handshake.hpp"
#include "server/peer.hpp"

namespace porter::rooms::server {
namespace {

/// Finds out who comes by a proxy, and gives the place to the network that the proxy says: the proxy's own address has
/// no limit, each of its clients' has.
task<std::optional<ending>> meet_proxy(peer& visitor, admission& place)
{
    auto const proxy = visitor.address();
    auto refused = co_await visitor.hear_proxy();
    if (refused || visitor.address() == proxy) co_return refused;
    std::optional<holder> evicted;
    bool const moved = place.move(visitor.address().network(), evicted);
    if (evicted) call_out(*evicted);
    if (!moved) refused = ending::by_us(code::server_full, "too many connections from your network");
    co_return refused;
}

task<ending> live(peer& visitor, admission& place, house const& house)
{
    if (is_proxy(house.rules, visitor.address().ip())) {
        auto refused = co_await meet_proxy(visitor, place);
        if (refused) co_return *refused;
    }
    auto stranger = co_await visitor.recognise(house.encryption);
    if (stranger) co_return *stranger;

    auto admitted = co_await handshake(visitor, house);
    if (!admitted) co_return admitted.error();

    exchange talk{visitor, house, *admitted};
    auto ended = co_await talk.run();
    co_return ended;
}

std::string_view word_for(ending const& why)
{
    switch (why.way()) {
        case ending::how::closed_by_peer:
            return "by_peer";
        case ending::how::half_closed:
            return "half_closed";
        case ending::how::cut_off:
            return "cut_off";
        default:
            return name_of(why.what());
    }
}

/// The one line that every connection leaves in the log.
void report(peer const& visitor, house const& house, ending const& why)
{
    auto const& from = visitor.address();
    if (why.way() == ending::how::lost) {
        house.log.info("connection_lost",
                       {{"address", from.text()}, {"connection", from.connection()}, {"why", why.reason()}});
    } else {
        house.log.info("connection_closed",
                       {{"address", from.text()}, {"connection", from.connection()}, {"code", word_for(why)}});
    }
}

}  // namespace

task<void> serve_connection(stream socket, identity::address from, admission place, asio::cancellation_signal& waits,
                            io_thread& thread, house const& house)
{
    // An interrupt cancels what is waited for now. Whatever follows it, the leave for one, may wait again.
    co_await asio::this_coro::throw_if_cancelled(false);
    peer visitor{std::move(socket), std::move(from), waits, thread, house.rules};
    visitor.sits_in(place);
    auto ended = co_await live(visitor, place, house);
    report(visitor, house, ended);
    if (place.is_lost()) {
        auto const goodbye = place.see_off();
        auto how = peer::manner::in_a_hurry;
        if (goodbye) how = peer::manner::politely;
        co_await visitor.leave(ended, how);
    } else {
        co_await visitor.leave(ended);
    }
}

task<void> turn_away(stream socket, identity::address from, [[maybe_unused]] farewell goodbye,
                     asio::cancellation_signal& waits, io_thread& thread, house const& house)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    peer visitor{std::move(socket), std::move(from), waits, thread, house.rules};
    auto const full = ending::by_us(code::server_full, "the server is full");
    report(visitor, house, full);
    co_await visitor.leave(full);
}

}  // namespace porter::rooms::server
