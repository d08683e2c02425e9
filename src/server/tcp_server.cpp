#include "server/tcp_server.hpp"

#include <algorithm>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <iterator>
#include <new>

#include "server/serve.hpp"

namespace porter::detail::server {
namespace {

constexpr std::chrono::hours prune_period{1};

/// From the loss of the store to the stop: time for the program that replaced the store's files to end sessions as
/// well. Requests are still answered.
constexpr std::chrono::seconds after_loss{1};

/// Timeouts are checked once a second, or more often if one of them is shorter than 8 s.
std::chrono::milliseconds tick_for(options const& options)
{
    using std::chrono::milliseconds;
    auto shortest = std::min({options.login_grace, options.proxy_header_time, options.frame_time, options.output_time});
    if (options.idle_timeout.count() > 0) shortest = std::min(shortest, options.idle_timeout);
    return std::clamp(shortest / 8, milliseconds{10}, milliseconds{1000});
}

/// One network may use this fraction of the memory for buffers: one half.
constexpr std::size_t network_share = 2;

task<std::vector<store::session_id>> sessions_of(worker const& from)
{
    co_return from.sessions();
}

/// The answer of a thread to a probe.
task<void> answer()
{
    co_return;
}

task<std::vector<connection_info>> connections_of(worker& from, std::uint64_t after, std::size_t limit)
{
    co_return from.connections(after, limit);
}

/// `query` outlives it.
task<connection_sample> sample_of(worker& from, connection_query const& query)
{
    co_return from.sample(query);
}

/// `numbers` and `reason` outlive it.
task<std::size_t> close_on(worker& thread, std::vector<std::uint64_t> const& numbers, std::string const& reason)
{
    co_return thread.close_connections(numbers, reason);
}

/// At least enough for four connections of one network to receive a frame of the largest size.
std::size_t memory_for(options const& options)
{
    auto const large_frames = std::size_t{options.max_frame} * 4 * network_share;
    return options.max_buffered == 0 ? 0 : std::max(options.max_buffered, large_frames);
}

/// Logs a connection that is closed at once, without a reject_permit.
void log_rejected(log::logger& log, identity::address const& from)
{
    log.with(from).info("connection_closed", {{"code", name_of(code::server_full)},
                                              log::quoted("reason", "the server is full: closed without a message")});
}

}  // namespace

tcp_server::tcp_server(asio::io_context& main, std::size_t threads, server_context const& ctx)
    : main_(main),
      ctx_(ctx),
      limiter_(ctx.options->max_connections, ctx.options->max_connections_per_address,
               ctx.options->max_connections_per_account),
      memory_(memory_for(*ctx.options), memory_for(*ctx.options) / network_share),
      workers_(main, threads, ctx.clock, memory_, tick_for(*ctx.options)),
      bans_(workers_, ctx.log),
      drain_timer_(main.get_executor()),
      maintenance_timer_(main.get_executor()),
      ends_timer_(main.get_executor()),
      loss_timer_(main.get_executor()),
      partition_timer_(main.get_executor()),
      maintenance_period_(ctx.options->activity_write_period)
{
    on_accept_ = [this](stream socket, identity::address from, worker& worker) {
        on_accept(std::move(socket), std::move(from), worker);
    };
}

tcp_server::~tcp_server()
{
    if (!started_) return;
    stop();
    // Coroutines that still run refer to this object: they must end here, on their io_context.
    main_.restart();
    while (!finished_ || background_tasks_ != 0) {
        if (main_.stopped()) main_.restart();  // by the program
        main_.run_one();
    }
    ctx_.registry.watch({});
    if (ctx_.bans != nullptr) ctx_.bans->watch({});
    main_.restart();  // it may have run out of work above
    main_.poll();     // runs what the watcher has posted
}

void tcp_server::add(base::tcp_acceptor acceptor)
{
    acceptors_.emplace_back(std::move(acceptor), workers_.all(), ctx_.log);
}

std::vector<asio::ip::tcp::endpoint> tcp_server::local_endpoints() const
{
    std::vector<asio::ip::tcp::endpoint> found;
    for (auto const& each : acceptors_) found.push_back(each.local_endpoint());
    return found;
}

void tcp_server::start()
{
    started_ = true;
    auto const missed = [this] {
        asio::post(workers_.main().executor(), [this] {
            if (finished_) return;
            try {
                spawn_background(recheck_sessions());
            } catch (std::bad_alloc const&) {  // the maintenance rechecks them, too
                report_defect(std::current_exception());
            }
        });
    };
    auto const lost = [this](std::string const& reason) {
        asio::post(workers_.main().executor(), [this, reason] {
            if (!finished_) spawn_background(stop_after_store_loss(reason));
        });
    };
    auto const partitioned = [this] { asio::post(workers_.main().executor(), [this] { on_partitioned(); }); };
    auto const rejoined = [this] { asio::post(workers_.main().executor(), [this] { on_rejoined(); }); };
    ctx_.registry.watch({[this](std::span<store::ended_session const> ended) { close_connections_of(ended); }, missed,
                         lost, partitioned, rejoined});
    if (ctx_.registry.is_partitioned()) on_partitioned();  // before there was a watch
    // Before the first accept, which comes after what this posts.
    if (ctx_.bans != nullptr) ctx_.bans->watch([this](std::span<store::ban const> bans) { bans_.publish(bans); });
    for (auto* each : workers_.all()) spawn(each->executor(), each->run_ticks());
    for (auto& each : acceptors_) spawn(workers_.main().executor(), each.accept_all(on_accept_));
    spawn_background(run_maintenance());
    spawn_background(run_expiry_checks());
    spawn_background(close_after_grace());
}

void tcp_server::close_connections_of(std::span<store::ended_session const> ended)
{
    std::vector<store::session_id> sorted;
    for (auto const& each : ended) sorted.push_back(each.id);
    std::sort(sorted.begin(), sorted.end());
    for (auto* each : workers_.all()) {
        asio::post(each->executor(), [each, sorted] { each->close_connections_of(sorted); });
    }
}

void tcp_server::on_partitioned()
{
    if (finished_ || grace_ends_ != std::chrono::steady_clock::time_point::max()) return;
    auto const grace = ctx_.options->partition_grace;
    grace_ends_ = std::chrono::steady_clock::now() + grace;
    partition_timer_.cancel();
    ctx_.log.warn("partitioned", {{"connections", connections()}, {"grace", grace}});
}

void tcp_server::on_rejoined()
{
    if (finished_ || grace_ends_ == std::chrono::steady_clock::time_point::max()) return;
    grace_ends_ = std::chrono::steady_clock::time_point::max();
    partition_timer_.cancel();
    ctx_.log.info("rejoined");
}

void tcp_server::adopt(int descriptor, identity::address from)
{
    last_worker_ = (last_worker_ + 1) % workers_.all().size();
    auto& worker = *workers_.all()[last_worker_];
    stream socket{worker.executor()};
    socket.assign(asio::ip::tcp::v4(), descriptor);  // of whatever family: nothing here depends on it
    socket.non_blocking(true);
    on_accept(std::move(socket), std::move(from), worker);
}

void tcp_server::on_accept(stream socket, identity::address from, worker& worker)
{
    from = from.with_connection(++last_connection_);
    accepted_.add();
    slot_owner const owner{&worker, from.connection()};
    bool const by_proxy = is_proxy(*ctx_.options, from.ip());
    auto const* const ban = by_proxy ? nullptr : workers_.main().find_ban(from.ip());
    if (ban != nullptr && ban->is_silent) {
        workers_.main().statistics().count_closed(close_reason::banned(true));
        return log_ban_rejected(ctx_.log, from, *ban);
    }
    auto outcome = by_proxy ? limiter_.take_unassigned(owner) : limiter_.take(from.network(), owner);
    if (outcome.evicted) notify_evicted(*outcome.evicted);
    auto permit = outcome.slot ? std::nullopt : limiter_.permit_reject();
    ctx_.log.with(from).debug("connection_accepted");
    if (!outcome.slot && !permit) {
        closed_at_once_.add();
        return log_rejected(ctx_.log, from);
    }
    auto conn = std::make_unique<connection>(std::move(socket), std::move(from), worker, ctx_.options, ctx_.log);
    auto life = outcome.slot ? serve(*conn, std::move(*outcome.slot), ctx_) : reject(*conn, std::move(*permit), ctx_);
    auto const cancellation = conn->cancellation_slot();
    auto done = [this, conn = std::move(conn)](std::exception_ptr escaped) { on_ended(escaped); };
    ++running_;
    try {
        asio::co_spawn(worker.executor(), std::move(life), asio::bind_cancellation_slot(cancellation, std::move(done)));
    } catch (std::bad_alloc const&) {
        --running_;  // otherwise the server would wait for it at its end
        throw;
    }
}

/// Spawns what runs until stop(), on any worker.
void tcp_server::spawn(io_executor where, task<void> work)
{
    ++running_;
    asio::co_spawn(where, std::move(work), [this](std::exception_ptr escaped) { on_ended(escaped); });
}

/// Spawns a background task on the main thread.
void tcp_server::spawn_background(task<void> work)
{
    auto const on_end = [this](std::exception_ptr escaped) {
        report_defect(escaped);
        --background_tasks_;
    };
    ++background_tasks_;
    try {
        asio::co_spawn(workers_.main().executor(), std::move(work), on_end);
    } catch (std::bad_alloc const&) {
        --background_tasks_;  // otherwise the destructor would wait for it
        throw;
    }
}

void tcp_server::report_defect(std::exception_ptr escaped)
{
    if (!escaped) return;
    ++defects_;
    try {
        std::rethrow_exception(escaped);
    } catch (std::exception const& defect) {
        ctx_.log.error("defect", {log::quoted("what", defect.what())});
    }
}

/// Called on the thread of the coroutine that has ended.
void tcp_server::on_ended(std::exception_ptr escaped)
{
    report_defect(escaped);
    if (--running_ == 0) asio::post(workers_.main().executor(), [this] { finish(); });
}

void tcp_server::stop(std::string_view reason)
{
    if (!started_ || stopping_) return;
    stopping_ = true;
    ctx_.log.info("stopping", {{"connections", connections()}, log::quoted("reason", reason)});
    for (auto& each : acceptors_) each.stop();
    for (auto* each : workers_.all()) asio::post(each->executor(), [each] { each->stop(); });
    spawn_background(close_after_drain());
}

/// The last connection has ended after stop().
void tcp_server::finish()
{
    finished_ = true;
    drain_timer_.cancel();
    maintenance_timer_.cancel();
    ends_timer_.cancel();
    loss_timer_.cancel();
    partition_timer_.cancel();
    workers_.release();
}

task<void> tcp_server::close_after_drain()
{
    drain_timer_.expires_after(drain_time);
    auto const expired = co_await base::wait_for_expiry(drain_timer_);
    if (!expired) co_return;
    for (auto* each : workers_.all()) asio::post(each->executor(), [each] { each->close_all(); });
}

task<void> tcp_server::run_maintenance()
{
    auto next_prune = std::chrono::steady_clock::now();
    while (!finished_) {
        try {  // what there is no memory for is done in the next period
            if (auto const now = std::chrono::steady_clock::now(); now >= next_prune) {
                next_prune = now + prune_period;
                co_await ctx_.registry.prune();
            }
            record_activity();
            for (auto* each : workers_.all()) {
                asio::post(each->executor(), [this, each] { each->report_health_checks(ctx_.log); });
            }
        } catch (std::bad_alloc const&) {
            report_defect(std::current_exception());
        }
        maintenance_timer_.expires_after(maintenance_period_);
        if (finished_) break;                                // while the store was pruned
        co_await base::wait_for_expiry(maintenance_timer_);  // or cancelled by finish()
        try {
            co_await ctx_.registry.write_activity();
            co_await recheck_sessions();
        } catch (std::bad_alloc const&) {
            report_defect(std::current_exception());
        }
    }
    co_await ctx_.registry.write_activity();
}

/// Connections close when their session expires; this finds sessions whose end an administrator has moved.
task<void> tcp_server::run_expiry_checks()
{
    while (!finished_) {
        ends_timer_.expires_after(std::chrono::seconds{1});
        co_await base::wait_for_expiry(ends_timer_);  // or cancelled by finish()
        if (finished_) break;
        try {
            co_await ctx_.registry.notify_expired();
        } catch (std::bad_alloc const&) {  // the next one looks back far enough
            report_defect(std::current_exception());
        }
    }
}

/// While the server is partitioned and the grace is over, closes connections: again and again, because a login that had
/// begun may still get access.
task<void> tcp_server::close_after_grace()
{
    constexpr std::chrono::seconds period{1};
    bool const is_needed = ctx_.options->access != protocol::access_mode::open;
    while (is_needed && !finished_) {
        partition_timer_.expires_at(grace_ends_);
        co_await base::wait_for_expiry(partition_timer_);  // or cancelled by finish() or another grace_ends_
        auto const now = std::chrono::steady_clock::now();
        if (finished_ || now < grace_ends_) continue;
        grace_ends_ = now + period;
        try {
            for (auto* each : workers_.all()) asio::post(each->executor(), [each] { each->close_unavailable(); });
        } catch (std::bad_alloc const&) {
            report_defect(std::current_exception());
        }
    }
}

void tcp_server::record_activity()
{
    ctx_.registry.record_activity(workers_.main().sessions());
    for (auto* each : workers_.all().subspan(1)) {
        asio::post(each->executor(), [this, each] {
            try {
                ctx_.registry.record_activity(each->sessions());
            } catch (std::bad_alloc const&) {  // the next period records them
                report_defect(std::current_exception());
            }
        });
    }
}

/// The sessions of all workers. After finish() the other threads run no more work.
task<std::vector<store::session_id>> tcp_server::live_sessions()
{
    std::vector<store::session_id> live;
    for (auto* each : workers_.all()) {
        if (finished_) break;
        auto there = asio::co_spawn(each->executor(), sessions_of(*each), use_task);
        auto const its = co_await std::move(there);
        live.insert(live.end(), its.begin(), its.end());
    }
    co_return live;
}

/// While finished_ is false the workers run what is given to them.
task<std::vector<connection_info>> tcp_server::list_connections(std::uint64_t after, std::size_t limit)
{
    std::vector<connection_info> live;
    for (auto* each : workers_.all()) {
        if (finished_) break;
        auto there = asio::co_spawn(each->executor(), connections_of(*each, after, limit), use_task);
        auto its = co_await std::move(there);
        std::move(its.begin(), its.end(), std::back_inserter(live));
    }
    std::ranges::sort(live, {}, &connection_info::id);
    if (live.size() > limit) live.resize(limit);
    co_return live;
}

task<connection_sample> tcp_server::sample_connections(connection_query query)
{
    connection_sample all;
    for (auto* each : workers_.all()) {
        if (finished_) break;
        auto there = asio::co_spawn(each->executor(), sample_of(*each, query), use_task);
        auto its = co_await std::move(there);
        all.append(std::move(its));
    }
    all.arrange(query);
    co_return all;
}

void tcp_server::on_options_changed()
{
    auto const& now = *ctx_.options;
    limiter_.set_limits(now.max_connections, now.max_connections_per_address, now.max_connections_per_account);
    auto const tick = tick_for(now);
    for (auto* each : workers_.all()) asio::post(each->executor(), [each, tick] { each->set_tick(tick); });
    if (maintenance_period_ == now.activity_write_period) return;
    maintenance_period_ = now.activity_write_period;
    maintenance_timer_.cancel();  // the first write is due now: the new period may be shorter than what is left
}

task<void> tcp_server::probe()
{
    for (auto* each : workers_.all()) {
        if (finished_) break;  // the other threads run no more work
        auto there = asio::co_spawn(each->executor(), answer(), use_task);
        co_await std::move(there);
    }
    co_await ctx_.registry.probe();
}

task<std::vector<connection_info>> tcp_server::list_connections()
{
    constexpr std::size_t piece = 512;  // some 0.4 ms of a worker
    std::vector<connection_info> live;
    std::uint64_t last = 0;
    for (;;) {
        auto more = co_await list_connections(last, piece);
        bool const is_last = more.size() < piece;
        if (!more.empty()) last = more.back().id;
        std::move(more.begin(), more.end(), std::back_inserter(live));
        if (is_last) co_return live;
    }
}

task<std::size_t> tcp_server::close_connections(std::vector<std::uint64_t> numbers, std::string reason)
{
    std::ranges::sort(numbers);
    std::size_t closed = 0;
    for (auto* each : workers_.all()) {
        if (finished_) break;
        auto there = asio::co_spawn(each->executor(), close_on(*each, numbers, reason), use_task);
        auto const its = co_await std::move(there);
        closed += its;
    }
    co_return closed;
}

void tcp_server::check_timeouts()
{
    for (auto* each : workers_.all()) asio::post(each->executor(), [each] { each->check_timeouts(); });
}

/// Has the store check each connected session again.
task<void> tcp_server::recheck_sessions()
{
    auto live = co_await live_sessions();
    co_await ctx_.registry.recheck(std::move(live));
}

/// Closes the connections of sessions that the store has ended, then stops the server: without a store it would not
/// learn of ended sessions.
task<void> tcp_server::stop_after_store_loss(std::string reason)
{
    loss_timer_.expires_after(after_loss);
    co_await base::wait_for_expiry(loss_timer_);  // or cancelled by finish()
    if (finished_) co_return;
    co_await recheck_sessions();
    if (stopping_) co_return;
    stop(reason);
    if (on_failure_) on_failure_(reason);
}

}  // namespace porter::detail::server
