#include "server/connection.hpp"

#include "server/exchange.hpp"
#include "server/handshake.hpp"
#include "server/io_thread.hpp"

namespace porter::rooms::server {
namespace {

/// Finds out who comes by a proxy, and gives the place to the network that the proxy says: the proxy's own address has
/// no limit of connections, each of its clients' has.
task<void> meet_proxy(peer& visitor, admission& place)
{
    auto const proxy = visitor.address();
    bool const heard = co_await visitor.hear_proxy();
    if (!heard || visitor.address() == proxy) co_return;
    std::optional<holder> evicted;
    bool const moved = place.move(visitor.address().network(), evicted);
    if (evicted) call_out(*evicted);
    if (!moved) visitor.end(ending::by_us(code::server_full, "too many connections from your network"));
}

/// From the first byte to access. None: it ends before that.
task<std::optional<guest>> let_in(peer& visitor, admission& place, house const& house)
{
    if (is_proxy(house.rules, visitor.address().ip())) co_await meet_proxy(visitor, place);
    bool const recognised = co_await visitor.recognise(house.encryption);
    if (!recognised) co_return std::nullopt;
    auto admitted = co_await handshake(visitor, house);
    co_return admitted;
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
void report(peer const& visitor, house const& house)
{
    auto const& why = *visitor.ended();
    auto const& from = visitor.address();
    if (why.way() == ending::how::lost) {
        house.log.info("connection_lost",
                       {{"address", from.text()}, {"connection", from.connection()}, {"why", why.reason()}});
    } else {
        house.log.info("connection_closed",
                       {{"address", from.text()}, {"connection", from.connection()}, {"code", word_for(why)}});
    }
}

/// A frame of its own, so that no connection that stays has room for it.
task<void> see_off(peer& visitor, admission& place)
{
    auto how = visitor.is_evicted_for_memory() ? peer::manner::in_a_hurry : peer::manner::politely;
    bool const lost = place.is_lost();
    auto const goodbye = lost ? place.see_off() : std::nullopt;
    if (lost && !goodbye) how = peer::manner::in_a_hurry;
    co_await visitor.leave(how);
}

}  // namespace

task<void> serve_connection(peer& visitor, admission place, house const& house)
{
    // An interrupt cancels what is waited for now. Whatever follows it, the leave for one, may wait again.
    co_await asio::this_coro::throw_if_cancelled(false);
    visitor.enter();
    visitor.sits_in(place);
    auto admitted = co_await let_in(visitor, place, house);
    if (admitted) {
        exchange talk{visitor, house, *admitted};
        try {
            co_await house.talk(talk.face());
        } catch (...) {
            talk.report_escaped(std::current_exception());
        }
        visitor.end(ending::by_us(code::normal));
    }
    report(visitor, house);
    co_await see_off(visitor, place);
}

task<void> turn_away(peer& visitor, [[maybe_unused]] farewell goodbye, house const& house)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    visitor.enter();
    visitor.end(ending::by_us(code::server_full, "the server is full"));
    report(visitor, house);
    co_await visitor.leave();
}

}  // namespace porter::rooms::server
