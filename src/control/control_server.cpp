#include "control/control_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/co_spawn.hpp>
#include <asio/ip/address.hpp>
#include <iterator>
#include <new>
#include <optional>
#include <utility>
#include <variant>

#include "base/awaitable_operators.hpp"
#include "base/network.hpp"
#include "base/text.hpp"
#include "control/codec.hpp"
#include "porter/version.hpp"

namespace porter::detail::control {
namespace {

using namespace base::awaitable_operators;

constexpr std::chrono::seconds pause_after_error{1};
constexpr std::string_view close_text = "closed by the administrator";

std::string machine_name()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

constexpr std::string_view no_network = "no network";
constexpr std::string_view no_name = "no name of an account";

connection_row row_of(connection_info const& info)
{
    connection_row row;
    row.id = info.id;
    row.address = info.address;
    row.account = info.name;
    row.phase = info.phase;
    row.connected_at = info.since;
    row.messages = info.messages_in + info.messages_out;
    row.bytes = info.bytes_in + info.bytes_out;
    return row;
}

/// Compares connections with what a request selects.
class matcher {
public:
    /// None: the text is no name, or no network.
    static std::optional<matcher> make(close_connections const& asked)
    {
        matcher made;
        if (asked.by == selector::network) {
            made.network_ = base::network::parse(asked.text);
            if (!made.network_) return std::nullopt;
            return made;
        }
        auto const name = base::normalise_name(asked.text);
        if (!name) return std::nullopt;
        made.folded_name_ = base::fold_name(*name);
        return made;
    }

    bool matches(connection_info const& one) const
    {
        if (!network_) return !one.name.empty() && base::fold_name(one.name) == folded_name_;
        base::error_code failed;
        auto const address = asio::ip::make_address(one.address, failed);
        return !failed && network_->contains(address);
    }

private:
    matcher() = default;

    std::optional<base::network> network_;
    std::string folded_name_;
};

}  // namespace

control_server::control_server(asio::io_context& io, std::filesystem::path path, connections& served, log::logger& log,
                               control::limits limits)
    : io_(io),
      served_(served),
      log_(log),
      limits_(limits),
      node_(machine_name()),
      acceptor_(io.get_executor(), std::move(path)),
      pause_(io.get_executor())
{
    spawn(accept_all());
}

control_server::~control_server()
{
    stop();
    while (running_ != 0) {
        if (io_.stopped()) io_.restart();  // by the program
        io_.run_one();
    }
}

void control_server::stop()
{
    stopped_ = true;
    acceptor_.close();
    pause_.cancel();
    base::error_code ignored;  // closed already
    for (auto& each : peers_) each.socket.close(ignored);
}

void control_server::spawn(task<void> work)
{
    auto const on_end = [this](std::exception_ptr escaped) {
        --running_;
        if (!escaped) return;
        try {
            std::rethrow_exception(escaped);
        } catch (std::exception const& defect) {
            log_.error("defect", {log::quoted("what", defect.what())});
        }
    };
    ++running_;
    try {
        asio::co_spawn(io_.get_executor(), std::move(work), on_end);
    } catch (std::bad_alloc const&) {
        --running_;  // otherwise the destructor would wait for it
        throw;
    }
}

task<void> control_server::accept_all()
{
    while (!stopped_) {
        base::error_code failed;
        auto socket = co_await acceptor_.accept(failed);
        if (stopped_) co_return;
        if (failed) {  // usually no descriptor is free
            pause_.expires_after(pause_after_error);
            co_await base::wait_for_expiry(pause_);  // or cancelled
            continue;
        }
        evict_for_next();
        while (!stopped_ && peers_.size() >= limits_.peers) {
            pause_.expires_at(std::chrono::steady_clock::time_point::max());
            co_await base::wait_for_expiry(pause_);  // cancelled by a peer that has gone, or stop()
        }
        if (!stopped_) serve_next(std::move(socket));
    }
}

/// When all places are taken, disconnects the peer that was accepted first of those that have not asked for anything.
void control_server::evict_for_next()
{
    if (peers_.size() < limits_.peers) return;
    auto const silent = std::ranges::find_if(peers_, &peer::is_idle);
    if (silent == peers_.end()) return;
    base::error_code ignored;  // closed already
    silent->socket.close(ignored);
}

/// The socket's mode keeps other users out already, unless it was changed.
void control_server::serve_next(local_socket socket)
{
    auto const user = user_of(socket);
    if (!user || (*user != 0 && *user != ::geteuid())) {
        log_.warn("control_refused", {{"user", user ? static_cast<std::int64_t>(*user) : -1}});
        return;
    }
    socket.decoder().limit(max_request);
    peers_.push_back({std::move(socket), *user, true});
    auto const added = std::prev(peers_.end());
    try {
        spawn(serve(added));
    } catch (std::bad_alloc const&) {
        peers_.erase(added);  // it is disconnected; later ones are served
    }
}

task<void> control_server::serve(std::list<peer>::iterator one)
{
    struct guard {
        control_server& server;
        std::list<peer>::iterator served;
        ~guard()
        {
            server.peers_.erase(served);
            server.pause_.cancel();
        }
    };
    guard const removal{*this, one};
    bool goes_on = true;
    while (goes_on && !stopped_) {
        one->is_idle = true;
        auto const received = co_await one->socket.receive_for(limits_.time);
        one->is_idle = false;
        if (!received || stopped_) break;
        auto const asked = decode_request(*received);
        if (asked) {
            auto const made = co_await answer(*one, *asked);
            goes_on = co_await send(*one, made);
        } else {
            reply const made = rejected{"porterd " + std::string{version} + " does not know this request"};
            co_await send(*one, made);
            goes_on = false;
        }
    }
}

task<reply> control_server::answer(peer const& from, request const& asked)
{
    if (auto const* const wanted = std::get_if<list_connections>(&asked)) {
        auto result = co_await answer_list(*wanted);
        co_return result;
    }
    if (auto const* const wanted = std::get_if<get_overview>(&asked)) {
        auto result = co_await answer_overview(*wanted);
        co_return result;
    }
    if (auto const* const wanted = std::get_if<close_connections>(&asked)) {
        auto result = co_await answer_close(from, *wanted);
        co_return result;
    }
    co_await served_.list(0, 0);  // answers when all threads have
    co_return pong{std::string{version}, node_, served_.count()};
}

task<reply> control_server::answer_list(list_connections const& asked)
{
    auto const found = co_await served_.list(asked.after, limits_.page);
    page made;
    made.node = node_;
    made.is_last = found.size() < limits_.page;
    for (auto const& each : found) made.rows.push_back(row_of(each));
    co_return made;
}

task<reply> control_server::answer_overview(get_overview const& asked)
{
    connection_order order;
    order.by = asked.by;
    order.is_descending = asked.is_descending;
    order.limit = std::min<std::size_t>(asked.limit, limits_.rows);
    if (!asked.account.empty()) {
        auto const name = base::normalise_name(asked.account);
        if (!name) co_return rejected{std::string{no_name}};
        order.folded_name = base::fold_name(*name);
    }
    if (!asked.network.empty()) {
        order.network = base::network::parse(asked.network);
        if (!order.network) co_return rejected{std::string{no_network}};
    }
    auto found = co_await served_.sample(std::move(order));
    overview made;
    made.version = std::string{version};
    made.node = node_;
    made.load = std::move(found.load);
    made.selected = found.selected;
    for (auto const& each : found.rows) made.rows.push_back(row_of(each));
    co_return made;
}

task<reply> control_server::answer_close(peer const& from, close_connections const& asked)
{
    bool const is_valid = asked.by == selector::id || matcher::make(asked);
    if (!is_valid) co_return rejected{std::string{asked.by == selector::network ? no_network : no_name}};
    auto ids = co_await select(asked);
    auto const count = co_await served_.close(std::move(ids), std::string{close_text});
    log_closed(from, asked, count);
    co_return closed{count};
}

/// The ids that a valid request selects. Goes through the connections in pages, as a list does.
task<std::vector<std::uint64_t>> control_server::select(close_connections const& by)
{
    std::vector<std::uint64_t> ids;
    if (by.by == selector::id) {
        ids.push_back(by.id);
        co_return ids;
    }
    auto const wanted = *matcher::make(by);
    std::uint64_t last = 0;
    for (bool is_last = false; !is_last;) {
        auto const found = co_await served_.list(last, limits_.page);
        is_last = found.size() < limits_.page;
        if (!found.empty()) last = found.back().id;
        for (auto const& each : found) {
            if (wanted.matches(each)) ids.push_back(each.id);
        }
    }
    co_return ids;
}

/// False: the peer has not taken it in time, or is gone.
task<bool> control_server::send(peer& to, reply const& message)
{
    to.socket.queue(encode(message));
    base::error_code failed;
    base::steady_timer timer{io_.get_executor()};
    timer.expires_after(limits_.time);
    auto const first = co_await (to.socket.flush(failed) || base::wait_for_expiry(timer));
    to.socket.trim();
    co_return first.index() == 0 && !failed;
}

/// A name is logged only if it is that of a client: it may be a password that was typed in the wrong place.
void control_server::log_closed(peer const& from, close_connections const& asked, std::size_t count)
{
    log::field const user{"user", static_cast<std::int64_t>(from.user)};
    log::field const closed{"count", count};
    if (asked.by == selector::id) {
        log_.info("connections_closed", {user, closed, {"connection", asked.id}});
    } else if (asked.by == selector::network) {
        log_.info("connections_closed", {user, closed, log::quoted("network", asked.text)});
    } else if (count > 0) {
        log_.info("connections_closed", {user, closed, log::quoted("name", asked.text)});
    } else {
        log_.info("connections_closed", {user, closed});
    }
}

}  // namespace porter::detail::control
