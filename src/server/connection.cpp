#include "server/connection.hpp"

#include "server/exchange.hpp"
#include "server/handshake.hpp"
#include "server/peer.hpp"

namespace porter::rooms::server {
namespace {

task<ending> live(peer& visitor, house const& house)
{
    auto stranger = co_await visitor.recognise(house.encryption);
    if (stranger) co_return *stranger;

    auto admitted = co_await handshake(visitor, house);
    if (!admitted) co_return admitted.error();

    exchange talk{visitor, house, *admitted};
    auto ended = co_await talk.run();
    co_return ended;
}

/// The one line that every connection leaves in the log.
void report(peer const& visitor, house const& house, ending const& why)
{
    auto const& address = visitor.address().text();
    switch (why.way()) {
        case ending::how::closed_by_us:
            house.log.info("connection_closed", {{"address", address}, {"code", name_of(why.what())}});
            break;
        case ending::how::closed_by_peer:
            house.log.info("connection_closed", {{"address", address}, {"code", "by_peer"}});
            break;
        case ending::how::lost:
            house.log.info("connection_lost", {{"address", address}, {"why", why.reason()}});
            break;
    }
}

}  // namespace

task<void> serve_connection(stream socket, identity::address from, [[maybe_unused]] admission place,
                            asio::cancellation_signal& waits, io_thread& thread, house const& house)
{
    // An interrupt cancels what is waited for now. Whatever follows it, the leave for one, may wait again.
    co_await asio::this_coro::throw_if_cancelled(false);
    peer visitor{std::move(socket), std::move(from), waits, thread, house.rules};
    auto ended = co_await live(visitor, house);
    report(visitor, house, ended);
    co_await visitor.leave(ended);
}

task<void> turn_away(stream socket, identity::address from, [[maybe_unused]] admission farewell,
                     asio::cancellation_signal& waits, io_thread& thread, house const& house)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    peer visitor{std::move(socket), std::move(from), waits, thread, house.rules};
    auto const full = ending::by_us(code::server_full, "the server is full");
    report(visitor, house, full);
    co_await visitor.leave(full);
}

}  // namespace porter::rooms::server
