#include "server/worker.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

#include "server/access_phase.hpp"
#include "server/connection.hpp"

namespace porter::detail::server {

worker::worker(asio::io_context& io, base::clock const& clock, buffer_limiter& memory, std::chrono::milliseconds tick)
    : executor_(io.get_executor()),
      clock_(clock),
      memory_(memory),
      scheduler_(executor_),
      tick_(tick),
      timer_(executor_)
{}

worker::~worker()
{
    assert(first_ == nullptr);  // connections refer to this
}

void worker::add(connection& conn)
{
    unauthenticated_.emplace(conn.address().connection(), &conn);
    conn.attached_ = true;
    conn.following_ = first_;
    if (first_ != nullptr) first_->previous_ = &conn;
    first_ = &conn;
    // It was accepted before the acceptors stopped, and arrives after stop().
    if (stopping_) conn.abort(close_reason::local(code::shutting_down));
}

void worker::mark_authenticated(connection const& conn)
{
    unauthenticated_.erase(conn.address().connection());
}

void worker::remove(connection& conn)
{
    mark_authenticated(conn);
    snapshot_.forget(conn.address().connection());
    ended_.add(conn);
    if (conn.previous_ != nullptr) {
        conn.previous_->following_ = conn.following_;
    } else {
        first_ = conn.following_;
    }
    if (conn.following_ != nullptr) conn.following_->previous_ = conn.previous_;
    if (stopping_ && first_ == nullptr) timer_.cancel();
}

void worker::report_health_checks(log::logger& log)
{
    constexpr std::size_t usual = 60;  // a minute: one a second
    auto const count = std::exchange(health_checks_, 0);
    if (count > usual) log.info("silent_connections", {{"count", count}});
}

task<void> worker::run_ticks()
{
    while (!stopping_ || first_ != nullptr) {
        timer_.expires_after(tick_);
        co_await base::wait_for_expiry(timer_);  // or cancelled by remove(), set_tick() or stop()
        check_timeouts();
        publish([](connection const&) {});
        publish_newest();
        snapshot_.release_unused();
        buffers_.shrink();
    }
}

void worker::check_timeouts()
{
    auto const now = std::chrono::steady_clock::now();
    auto const wall = clock_.now();
    for (connection* each = first_; each != nullptr; each = each->following_) {
        try {
            each->on_tick(now, wall);
        } catch (std::bad_alloc const&) {  // the next tick does the same again, and the other connections have theirs
        }
    }
}

void worker::set_tick(std::chrono::milliseconds tick)
{
    if (tick_ == tick) return;
    tick_ = tick;
    timer_.cancel();
}

void worker::exchanged_sum::add(connection const& conn)
{
    auto const& exchanged = conn.exchanged();
    messages_in += exchanged.in().messages;
    messages_out += exchanged.out().messages;
    bytes_in += exchanged.in().bytes;
    bytes_out += exchanged.out().bytes;
}

/// Adds up what each connection counts anyway, so that a message costs nothing more, and calls on_each() for each.
template <typename Function>
void worker::publish(Function const& on_each)
{
    auto sum = ended_;
    std::uint64_t before_access = 0;
    std::uint64_t with_access = 0;
    std::uint64_t closing = 0;
    for (connection const* each = first_; each != nullptr; each = each->following_) {
        sum.add(*each);
        bool const has_access = each->slot_ != nullptr && each->slot_->client() != nullptr;
        ++(each->ended() != nullptr ? closing : has_access ? with_access : before_access);
        on_each(*each);
    }
    statistics_.messages_in.set(sum.messages_in);
    statistics_.messages_out.set(sum.messages_out);
    statistics_.bytes_in.set(sum.bytes_in);
    statistics_.bytes_out.set(sum.bytes_out);
    statistics_.before_access.set(before_access);
    statistics_.with_access.set(with_access);
    statistics_.closing.set(closing);
}

/// Connections are added at the front of the list, so few are looked at.
void worker::publish_newest()
{
    if (!newest_.take_request()) return;
    try {
        auto const now = std::chrono::steady_clock::now();
        newest_connections::rows made;
        for (connection const* each = first_; each != nullptr; each = each->following_) {
            if (made.size() == newest_connections::size) break;
            bool const is_rejected = each->slot_ == nullptr;
            if (!is_rejected) made.push_back(info_of(*each, now));
        }
        newest_.publish(std::move(made), now);
    } catch (std::bad_alloc const&) {  // the next tick after another request makes one
    }
}

void worker::stop()
{
    stopping_ = true;
    for (connection* each = first_; each != nullptr; each = each->following_)
        each->abort(close_reason::local(code::shutting_down));
    timer_.cancel();
}

void worker::close_all()
{
    for (connection* each = first_; each != nullptr; each = each->following_) each->close_socket();
}

void worker::evict(std::uint64_t connection)
{
    auto const found = unauthenticated_.find(connection);
    if (found != unauthenticated_.end()) found->second->evict();
}

void worker::close_connections_of(std::span<store::session_id const> ended)
{
    for (connection* each = first_; each != nullptr; each = each->following_) {
        auto const mine = each->session();
        if (mine != 0 && std::binary_search(ended.begin(), ended.end(), mine)) {
            each->abort(close_reason::local(code::session_ended));
        }
    }
}

void worker::set_bans(std::shared_ptr<ban_set const> bans)
{
    bans_ = std::move(bans);
    for (connection* each = first_; each != nullptr; each = each->following_) {
        if (each->is_of_proxy()) continue;
        if (auto const* ban = find_ban(each->address().ip())) each->abort(close_reason::banned(ban->is_silent));
    }
}

void worker::close_unavailable()
{
    for (connection* each = first_; each != nullptr; each = each->following_) {
        if (each->slot_ == nullptr || each->slot_->client() == nullptr) continue;
        each->abort(close_reason::local(code::unavailable, "this server has lost contact with its database"));
    }
}

std::vector<store::session_id> worker::sessions() const
{
    std::vector<store::session_id> found;
    for (connection const* each = first_; each != nullptr; each = each->following_) {
        if (each->session() != 0) found.push_back(each->session());
    }
    return found;
}

connection_phase worker::phase_of(connection const& conn)
{
    if (conn.ended() != nullptr) return connection_phase::closing;
    if (conn.slot_->client() != nullptr) return connection_phase::exchange;
    return conn.exchanged().in().messages > 0 ? connection_phase::access : connection_phase::opening;
}

connection_info worker::info_of(connection const& conn, std::chrono::steady_clock::time_point now) const
{
    connection_info info;
    info.id = conn.address().connection();
    info.address = conn.address().text();
    info.is_tls = conn.transport() == store::transport::tls;
    auto const& exchanged = conn.exchanged();
    if (auto const* client = conn.slot_->client()) {
        info.has_access = true;
        info.name = client->name;
        info.auth_method = client->auth_method;
        info.session = static_cast<std::uint64_t>(client->session);
    }
    info.phase = phase_of(conn);
    info.since = clock_.now() - std::chrono::floor<std::chrono::seconds>(now - conn.accepted_at());
    info.messages_in = exchanged.in().messages;
    info.messages_out = exchanged.out().messages;
    info.bytes_in = exchanged.in().bytes;
    info.bytes_out = exchanged.out().bytes;
    return info;
}

std::vector<connection_info> worker::connections(std::uint64_t after, std::size_t limit)
{
    std::vector<connection_info> found;
    if (limit == 0) return found;
    if (after == 0 || snapshot_.is_empty()) take_snapshot();
    auto const now = std::chrono::steady_clock::now();
    for (auto const& each : snapshot_.after(after)) {
        bool const is_listed = each.conn != nullptr && each.conn->slot_ != nullptr;  // without a slot it is rejected
        if (is_listed) found.push_back(info_of(*each.conn, now));
        if (found.size() == limit) break;
    }
    return found;
}

void worker::take_snapshot()
{
    std::vector<connection_snapshot::entry> live;
    for (connection const* each = first_; each != nullptr; each = each->following_)
        live.push_back({each->address().connection(), each});
    snapshot_.assign(std::move(live));
}

connection_sample worker::sample(connection_query const& query)
{
    using candidate = std::pair<connection_sort_values, connection const*>;
    connection_sample made;
    std::vector<candidate> best;  // a heap, whose front is the last one in the order
    auto const before = [&query](candidate const& a, candidate const& b) { return precedes(query, a.first, b.first); };
    auto const on_each = [&](connection const& each) {
        if (each.slot_ == nullptr) return;  // it is rejected
        auto const values = sort_values_of(each);
        ++made.phases.at(static_cast<std::size_t>(values.phase));
        if (!query.selects(values.name, values.address)) return;
        ++made.selected;
        candidate const next{values, &each};
        if (best.size() < query.limit) {
            best.push_back(next);
            std::ranges::push_heap(best, before);
        } else if (!best.empty() && before(next, best.front())) {
            std::ranges::pop_heap(best, before);
            best.back() = next;
            std::ranges::push_heap(best, before);
        }
    };
    publish(on_each);
    auto const now = std::chrono::steady_clock::now();
    for (auto const& [values, conn] : best) made.rows.push_back(info_of(*conn, now));
    return made;
}

connection_sort_values worker::sort_values_of(connection const& conn)
{
    connection_sort_values values;
    values.id = conn.address().connection();
    if (auto const* const client = conn.slot_->client()) values.name = client->name;
    values.address = conn.address().ip();
    values.phase = phase_of(conn);
    auto const& exchanged = conn.exchanged();
    values.messages = exchanged.in().messages + exchanged.out().messages;
    values.bytes = exchanged.in().bytes + exchanged.out().bytes;
    return values;
}

std::size_t worker::close_connections(std::span<std::uint64_t const> numbers, std::string_view reason)
{
    std::size_t closed = 0;
    for (connection* each = first_; each != nullptr; each = each->following_) {
        if (each->ended() != nullptr) continue;
        if (!std::ranges::binary_search(numbers, each->address().connection())) continue;
        each->abort(close_reason::local(code::normal, reason));
        ++closed;
    }
    return closed;
}

void notify_evicted(slot_owner const& owner)
{
    asio::post(owner.worker->executor(), [owner] { owner.worker->evict(owner.connection); });
}

workers::workers(asio::io_context& main, std::size_t count, base::clock const& clock, buffer_limiter& memory,
                 std::chrono::milliseconds tick)
{
    handles_.push_back(&workers_.emplace_back(main, clock, memory, tick));
    for (std::size_t more = 1; more < count; ++more) {
        auto& context = contexts_.emplace_back(1);  // a hint: one thread runs it
        guards_.push_back(asio::make_work_guard(context));
        handles_.push_back(&workers_.emplace_back(context, clock, memory, tick));
        threads_.emplace_back([&context] { context.run(); });
    }
}

}  // namespace porter::detail::server
