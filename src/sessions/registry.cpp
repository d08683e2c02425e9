#include "sessions/registry.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "store/unavailable.hpp"

namespace porter::detail::sessions {
namespace {

/// Up to this many sessions that end together get a log line each; of more only the number is logged.
constexpr std::size_t max_ended_lines = 16;

/// The cause of an end that the store did not report (docs/log.md).
constexpr std::string_view found_ended = "no_longer_valid";

error invalid_token()
{
    return {code::invalid_token, "this session is not known or has ended: log in again"};
}

/// What a store says of a code that was valid a moment ago.
error redemption_error(store::errc stored)
{
    if (stored == store::errc::not_found) {
        return {code::invalid_code, "this code is not known, was used already, or has expired"};
    }
    if (stored == store::errc::name_taken) return {code::name_taken, "this name is taken"};
    if (stored == store::errc::credential_changed) {
        return {code::bad_credentials, "the name or the password is wrong"};
    }
    return store::unavailable();
}

}  // namespace

registry::registry(store::sessions& sessions, auth::throttle& throttle, token_source& tokens, base::clock const& clock,
                   log::logger& log, options options, store::access_codes* codes)
    : sessions_(sessions),
      codes_(codes),
      throttle_(throttle),
      tokens_(tokens),
      clock_(clock),
      log_(log),
      options_(options)
{
    sessions_.watch({[this](std::span<store::ended_session const> ended) { on_ended(ended); },
                     [this] { notify_missed(); }, [this](std::string const& reason) { notify_lost(reason); },
                     [this] { notify_partitioned(true); }, [this] { notify_partitioned(false); }});
}

registry::~registry()
{
    sessions_.watch({});
}

task<result<session>> registry::open(auth::principal const& principal, identity::address from,
                                     store::transport transport)
{
    auto const now = clock_.now();
    auto prepared = prepare(principal.name(), now);
    auto record = record_of(prepared, now, from, transport);
    record.account = principal.account();
    record.credential_version = principal.credential_version();
    record.is_second_factor_proved = principal.is_second_factor_proved();
    record.attempt = principal.attempt();
    store::result<store::opened_session> stored = unexpected(store::errc::unavailable);
    if (!is_partitioned()) stored = co_await sessions_.open(record);
    if (!stored && stored.error() == store::errc::unavailable) {
        co_await throttle_.rollback(principal.attempt());
        co_return unexpected(store::unavailable());
    }
    // The password was changed, the account disabled or a second factor added since: the client gets the answer for a
    // wrong password.
    if (!stored) {
        auto const counted = co_await throttle_.fail(principal.attempt());
        if (!counted) co_return unexpected(counted.error());
        co_return unexpected(error{code::bad_credentials, "the name or the password is wrong"});
    }
    co_return make_session(std::move(prepared), std::move(*stored), from);
}

task<result<session>> registry::open(auth::pending_account const& account, identity::address from,
                                     store::transport transport)
{
    auto const now = clock_.now();
    auto prepared = prepare(account.name(), now);
    auto record = record_of(prepared, now, from, transport);
    record.attempt = account.attempt();
    store::result<store::opened_session> stored = unexpected(store::errc::unavailable);
    if (!is_partitioned()) stored = co_await sessions_.open_first(account.account(), record);
    if (!stored) {
        auto denial = store::unavailable();
        if (stored.error() == store::errc::name_taken) {
            auto const counted = co_await throttle_.fail(account.attempt());
            if (counted) denial = error{code::name_taken, "this name is taken"};
        } else {
            co_await throttle_.rollback(account.attempt());
        }
        log_.with(from).info("register_denied", {{"code", name_of(denial.code)}});
        co_return unexpected(std::move(denial));
    }
    log_.with(from).info("registered", {log::quoted("name", account.name())});
    co_return make_session(std::move(prepared), std::move(*stored), from);
}

task<result<session>> registry::open(auth::redemption const& redeemed, identity::address from,
                                     store::transport transport)
{
    auto const now = clock_.now();
    auto prepared = prepare(redeemed.account().name, now);
    auto record = record_of(prepared, now, from, transport);
    record.account = redeemed.account().id;
    record.is_second_factor_proved = redeemed.is_second_factor_proved();
    record.attempt = redeemed.attempt();
    auto stored = co_await redeem(redeemed, std::move(record));
    if (!stored) {
        auto denial = redemption_error(stored.error());
        if (denial.code == code::unavailable) {
            co_await throttle_.rollback(redeemed.attempt());
        } else {
            auto const counted = co_await throttle_.fail(redeemed.attempt());
            if (!counted) denial = counted.error();
        }
        log_.with(from).info("redeem_denied", {{"code", name_of(denial.code)}});
        co_return unexpected(std::move(denial));
    }
    if (redeemed.is_reset()) {
        log_.with(from).info("password_reset", {log::quoted("name", redeemed.account().name)});
    } else {
        log_.with(from).info("invitation_redeemed", {log::quoted("name", redeemed.account().name)});
    }
    co_return make_session(std::move(prepared), std::move(*stored), from);
}

task<store::result<store::opened_session>> registry::redeem(auth::redemption const& redeemed, store::new_session record)
{
    if (is_partitioned() || codes_ == nullptr) co_return unexpected(store::errc::unavailable);
    auto const& account = redeemed.account();
    if (redeemed.is_reset()) {
        auto reset = co_await codes_->reset_password(redeemed.code(), account.password_hash, record);
        co_return reset;
    }
    auto registered = co_await codes_->register_invited(redeemed.code(), account, record);
    co_return registered;
}

task<result<session>> registry::resume(base::secret token, identity::address from, store::transport transport)
{
    auto const denied = [this, &from](error denial) {
        log_.with(from).info("resume_denied", {{"code", name_of(denial.code)}});
        return unexpected(std::move(denial));
    };
    auto const digest = digest_of(token.view());
    std::optional<store::found_session> match;
    if (digest) {
        auto looked_up = co_await sessions_.find(*digest);
        if (!looked_up) co_return denied(store::unavailable());
        match = std::move(*looked_up);
    }
    // What was found may be the data of a former primary, in which the session has not ended.
    if (is_partitioned()) co_return denied(store::unavailable());
    auto const now = clock_.now();
    if (match && is_expired(match->session, now)) {
        co_await terminate(match->session, store::end_cause::expired);
        match.reset();
    }
    if (!match || match->account_disabled || ended_.contains(match->session.id)) {
        auto const denial = co_await token_error(from);
        co_return denied(denial);
    }
    store::found_session const& found = *match;
    store::session const& known = found.session;
    if (known.transport == store::transport::tls && transport == store::transport::plain) {
        // Sent in plaintext over a network, the token may have been read.
        if (!from.is_loopback()) co_await terminate(known, store::end_cause::token_exposed);
        co_return denied({code::tls_required, "this session was opened over TLS"});
    }
    record_activity({known.id, now, from.text(), from.network()});
    log_.with(from).info("session_resumed", {{"session", known.id}, log::quoted("name", found.account_name)});
    co_return make_resumed(found);
}

task<error> registry::token_error(identity::address const& from)
{
    auto const counted = co_await throttle_.begin(from);
    // The token stays invalid when the store cannot count.
    if (counted) {
        [[maybe_unused]] auto const stored = co_await throttle_.fail(*counted);
    }
    if (!counted && counted.error().code != code::unavailable) co_return counted.error();
    co_return invalid_token();
}

task<result<std::vector<store::session>>> registry::list(store::account_id account)
{
    auto const now = clock_.now();
    auto listed = co_await sessions_.list(account, now, idle_since(now));
    if (!listed) co_return unexpected(store::unavailable());
    for (auto& each : *listed) {
        auto const activity = pending_activity(each.id);
        if (!activity) continue;
        each.last_used_at = std::max(each.last_used_at, activity->at);
        if (!activity->address.empty()) each.address = activity->address;
    }
    co_return std::move(*listed);
}

task<result<void>> registry::revoke(store::account_id account, store::session_id id, store::end_cause cause)
{
    auto const ended = co_await sessions_.end(account, id, cause);
    if (!ended && ended.error() == store::errc::not_found) {
        co_return unexpected(error{code::not_found, "there is no such session"});
    }
    if (!ended) co_return unexpected(store::unavailable());
    co_return result<void>{};
}

task<result<void>> registry::revoke_all(store::account_id account, store::end_cause cause)
{
    auto const ended = co_await sessions_.end_all(account, cause);
    if (!ended) co_return unexpected(store::unavailable());
    co_return result<void>{};
}

void registry::watch(store::session_watch watcher)
{
    std::lock_guard const lock{watch_mutex_};
    watch_ = std::move(watcher);
}

task<void> registry::recheck(std::vector<store::session_id> live)
{
    if (live.empty()) co_return;
    auto const count = live.size();
    auto const over = co_await sessions_.find_ended(std::move(live), clock_.now());
    if (over) log_.debug("sessions_looked_at", {{"count", count}, {"ended", over->size()}});
    if (!over) {
        log_.warn("sessions_not_looked_at");
    } else if (!over->empty()) {
        std::vector<store::ended_session> ended;
        for (auto const id : *over) ended.push_back({id, {}, std::string{found_ended}});
        on_ended(ended);
    }
}

task<void> registry::notify_expired()
{
    // A change by hand may be committed late. Notifying twice does no harm.
    constexpr std::chrono::minutes lookback{1};
    auto const now = clock_.now();
    auto const expired = co_await sessions_.ended_between(now - lookback, now);
    if (!expired || expired->empty()) co_return;
    std::vector<store::ended_session> ended;
    for (auto const id : *expired) ended.push_back({id, {}, {}});
    notify_ended(ended);
}

task<void> registry::probe()
{
    auto const now = clock_.now();
    [[maybe_unused]] auto const read = co_await sessions_.ended_between(now, now);
    std::vector<store::session_activity> none;  // waits its turn among the other writes, and changes nothing
    [[maybe_unused]] auto const written = co_await sessions_.touch(std::move(none));
}

task<void> registry::prune()
{
    // The store decides by what is written: a session in use must not look idle.
    auto const written = co_await store_activity();
    if (!written) co_return;
    auto const now = clock_.now();
    auto const removed = co_await sessions_.prune(now, idle_since(now));
    if (!removed) {
        log_.warn("sessions_not_pruned");
    } else if (*removed > 0) {
        log_.info("sessions_pruned", {{"count", *removed}});
    }
}

void registry::record_activity(std::span<store::session_id const> live)
{
    auto const now = clock_.now();
    for (auto const id : live) record_activity({id, now, {}, {}});
}

task<void> registry::write_activity()
{
    co_await store_activity();
}

task<bool> registry::store_activity()
{
    std::vector<store::session_activity> batch;
    {
        std::lock_guard const lock{activity_mutex_};
        batch.reserve(activity_.size());
        for (auto const& [id, activity] : activity_) batch.push_back(activity);
    }
    if (batch.empty()) co_return true;
    auto const gone = co_await sessions_.touch(batch);
    if (!gone) {
        log_.warn("session_uses_not_written", {{"count", batch.size()}});
        co_return false;
    }
    forget_activity(batch);
    on_gone(*gone);
    co_return true;
}

void registry::forget_activity(std::span<store::session_activity const> written)
{
    std::lock_guard const lock{activity_mutex_};
    for (auto const& activity : written) {
        auto const kept = activity_.find(activity.id);
        bool const is_same =
            kept != activity_.end() && kept->second.at == activity.at && kept->second.address == activity.address;
        if (is_same) activity_.erase(kept);
    }
}

void registry::record_activity(store::session_activity activity)
{
    std::lock_guard const lock{activity_mutex_};
    auto& kept = activity_[activity.id];
    kept.id = activity.id;
    kept.at = std::max(kept.at, activity.at);
    if (activity.address.empty()) return;
    kept.address = std::move(activity.address);
    kept.network = std::move(activity.network);
}

std::optional<store::session_activity> registry::pending_activity(store::session_id id) const
{
    std::lock_guard const lock{activity_mutex_};
    auto const kept = activity_.find(id);
    if (kept == activity_.end()) return std::nullopt;
    return kept->second;
}

session registry::prepare(std::string name, base::timestamp now)
{
    session prepared;
    prepared.token_ = tokens_.issue();
    prepared.name_ = std::move(name);
    prepared.expires_at_ = now + options_->ttl;
    return prepared;
}

store::new_session registry::record_of(session const& prepared, base::timestamp now, identity::address const& from,
                                       store::transport transport) const
{
    store::new_session record;
    record.digest = digest_of(prepared.token_.view()).value();
    record.created_at = now;
    record.expires_at = prepared.expires_at_;
    record.address = from.text();
    record.network = from.network();
    record.transport = transport;
    record.max_sessions = options_->max_per_account;
    return record;
}

session registry::make_session(session prepared, store::opened_session stored, identity::address const& from) const
{
    prepared.id_ = stored.id;
    prepared.account_ = stored.account;
    prepared.history_ = std::move(stored.before);
    log_.with(from).info("session_opened", {{"session", prepared.id_}, log::quoted("name", prepared.name_)});
    return prepared;
}

bool registry::is_expired(store::session const& found, base::timestamp now) const
{
    auto const activity = pending_activity(found.id);
    auto const last_used_at = activity ? std::max(found.last_used_at, activity->at) : found.last_used_at;
    return store::is_past_its_end(found, now) || last_used_at <= idle_since(now);
}

session registry::make_resumed(store::found_session const& found) const
{
    session resumed;
    resumed.id_ = found.session.id;
    resumed.account_ = found.session.account;
    resumed.name_ = found.account_name;
    resumed.expires_at_ = found.session.expires_at;
    resumed.history_ = found.history;
    return resumed;
}

task<void> registry::terminate(store::session const& session, store::end_cause cause)
{
    // Recorded first: the store may be unavailable, and the clock may be set back.
    ended_.add(std::array{session.id});
    auto const ended = co_await sessions_.end(session.account, session.id, cause);
    if (!ended && ended.error() == store::errc::unavailable) {
        log_.warn("session_not_ended", {{"session", session.id}});
    }
}

void registry::on_ended(std::span<store::ended_session const> ended)
{
    std::vector<store::session_id> ids;
    ids.reserve(ended.size());
    for (auto const& each : ended) ids.push_back(each.id);
    ended_.add(ids);
    log_ended(ended);
    notify_ended(ended);
}

void registry::on_gone(std::span<store::session_id const> gone)
{
    std::vector<store::ended_session> all;
    std::vector<store::ended_session> unreported;
    for (auto const id : gone) {
        all.push_back({id, {}, std::string{found_ended}});
        if (!ended_.contains(id)) unreported.push_back(all.back());
    }
    ended_.add(gone);
    log_ended(unreported);
    // Notifying twice does no harm.
    if (!all.empty()) notify_ended(all);
}

void registry::log_ended(std::span<store::ended_session const> ended)
{
    if (ended.size() <= max_ended_lines) {
        for (auto const& each : ended) {
            log_.info("session_ended",
                      {{"session", each.id}, log::quoted("name", each.account_name), {"cause", each.cause}});
        }
    } else {
        log_.info("sessions_ended", {{"count", ended.size()}});
    }
}

void registry::notify_ended(std::span<store::ended_session const> ended)
{
    std::lock_guard const lock{watch_mutex_};
    if (watch_.on_sessions_ended) watch_.on_sessions_ended(ended);
}

void registry::notify_missed()
{
    std::lock_guard const lock{watch_mutex_};
    if (watch_.on_reports_missed) watch_.on_reports_missed();
}

void registry::notify_partitioned(bool is_partitioned)
{
    is_partitioned_ = is_partitioned;
    std::lock_guard const lock{watch_mutex_};
    auto const& changed = is_partitioned ? watch_.on_partitioned : watch_.on_rejoined;
    if (changed) changed();
}

void registry::notify_lost(std::string const& reason)
{
    std::lock_guard const lock{watch_mutex_};
    if (watch_.on_store_lost) watch_.on_store_lost(reason);
}

}  // namespace porter::detail::sessions
