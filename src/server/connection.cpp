#include "server/connection.hpp"

#include <chrono>

#include "server/exchange.hpp"
#include "server/handshake.hpp"
#include "server/io_thread.hpp"

namespace porter::rooms::server {
namespace {

/// Finds out who comes by a proxy, and gives the place to the network that the proxy says: the proxy's own address has
/// no limit of connections, each of its clients' has.
task<void> meet_proxy(peer& visitor, admission& place, log::logger& log)
{
    auto const proxy = visitor.address();
    bool const heard = co_await visitor.hear_proxy();
    if (heard) {
        auto const& client = visitor.address();
        log.debug("proxy_header_read",
                  {{"address", client.text()}, {"connection", client.connection()}, {"proxy", proxy.text()}});
    }
    if (!heard || visitor.address() == proxy) co_return;
    std::optional<holder> evicted;
    bool const moved = place.move(visitor.address().network(), evicted);
    if (evicted) call_out(*evicted);
    if (!moved) visitor.end(ending::by_us(code::server_full, "too many connections from your network"));
}

void report_tls(peer const& visitor, log::logger& log)
{
    auto const agreed = visitor.agreement();
    if (!agreed) return;
    log.debug("tls_established", {{"address", visitor.address().text()},
                                  {"connection", visitor.address().connection()},
                                  {"version", agreed->version},
                                  {"cipher", agreed->cipher},
                                  {"group", agreed->group}});
}

/// From the first byte to access. None: it ends before that.
task<std::optional<guest>> let_in(peer& visitor, admission& place, house const& house)
{
    if (is_proxy(house.rules, visitor.address().ip())) co_await meet_proxy(visitor, place, house.log);
    bool const recognised = co_await visitor.recognise(house.encryption);
    if (!recognised) co_return std::nullopt;
    if (house.log.writes(log::level::debug)) report_tls(visitor, house.log);
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

/// Whether the peer went away soon and without a byte beyond a PROXY header, as health checks of proxies and load
/// balancers do.
bool is_health_check(peer const& visitor, std::chrono::steady_clock::duration lasted)
{
    constexpr std::chrono::seconds longest{5};
    auto const way = visitor.ended()->way();
    bool const left = way == ending::how::half_closed || way == ending::how::lost;
    return left && !visitor.has_spoken() && lasted < longest;
}

/// The one line that every connection leaves in the log. Those of health checks would be most of it.
template <typename... Said>
void report_as(std::string_view event, peer& visitor, log::logger& log, Said const&... said)
{
    using std::chrono::milliseconds;
    auto const& from = visitor.address();
    auto const& sum = visitor.exchanged();
    auto const lasted = std::chrono::steady_clock::now() - visitor.since();
    bool const is_check = is_health_check(visitor, lasted);
    if (is_check) visitor.count_as_health_check();
    log.log(is_check ? log::level::debug : log::level::info, event,
            {{"address", from.text()},
             {"connection", from.connection()},
             said...,
             {"messages_in", sum.in().messages},
             {"messages_out", sum.out().messages},
             {"bytes_in", sum.in().bytes},
             {"bytes_out", sum.out().bytes},
             {"seconds", std::chrono::duration_cast<milliseconds>(lasted)}});
}

void report(peer& visitor, house const& house)
{
    auto const& why = *visitor.ended();
    auto const code = log::field{"code", word_for(why)};
    if (why.way() == ending::how::lost) {
        report_as("connection_lost", visitor, house.log, log::field{"why", why.reason()});
    } else if (why.reason().empty()) {
        report_as("connection_closed", visitor, house.log, code);
    } else {
        report_as("connection_closed", visitor, house.log, code, log::quoted("reason", why.reason()));
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
