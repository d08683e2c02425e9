#include "sessions/registry.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace porter::detail::sessions {
namespace {

/// Endings at one time that get a line each; of more, as when expired ones are removed, their number is told.
constexpr std::size_t most_ending_lines = 16;

error unavailable()
{
    return {code::unavailable, "the user database cannot be reached just now"};
}

error invalid_token()
{
    return {code::invalid_token, "this session is not known or has ended: log in again"};
}

}  // namespace

registry::registry(store::sessions& sessions, auth::throttle& throttle, token_source& tokens, base::clock const& clock,
                   log::logger& log, options rules)
    : sessions_(sessions), throttle_(throttle), tokens_(tokens), clock_(clock), log_(log), options_(rules)
{
    sessions_.watch({[this](std::span<store::ended_session const> ended) { on_ended(ended); },
                     [this] { notify_missed(); }, [this](std::string const& reason) { notify_lost(reason); }});
}

registry::~registry()
{
    sessions_.watch({});
}

task<result<session>> registry::open(auth::principal const& who, identity::address from, store::transport over)
{
    auto const now = clock_.now();
    auto prepared = prepare(who.name(), now);
    auto fresh = record_of(prepared, now, from, over);
    fresh.account = who.account();
    fresh.credential_version = who.credential_version();
    fresh.attempt = who.attempt();
    auto stored = co_await sessions_.open(fresh);
    if (!stored && stored.error() == store::errc::unavailable) {
        co_await throttle_.rollback(who.attempt());
        co_return unexpected(unavailable());
    }
    // The credential was good a moment ago and is not any more: for the peer that is a wrong one.
    if (!stored) {
        auto const counted = co_await throttle_.fail(who.attempt());
        if (!counted) co_return unexpected(counted.error());
        co_return unexpected(error{code::bad_credentials, "the name or the password is wrong"});
    }
    co_return make_session(std::move(prepared), std::move(*stored), from);
}

task<result<session>> registry::open(auth::pending_account const& who, identity::address from, store::transport over)
{
    auto const now = clock_.now();
    auto prepared = prepare(who.name(), now);
    auto fresh = record_of(prepared, now, from, over);
    fresh.attempt = who.attempt();
    auto stored = co_await sessions_.open_first(who.account(), fresh);
    if (!stored) {
        auto why = unavailable();
        if (stored.error() == store::errc::name_taken) {
            auto const counted = co_await throttle_.fail(who.attempt());
            if (counted) why = error{code::name_taken, "this name is taken"};
        } else {
            co_await throttle_.rollback(who.attempt());
        }
        log_.with(from).info("register_denied", {{"code", name_of(why.code)}});
        co_return unexpected(std::move(why));
    }
    log_.with(from).info("registered", {log::quoted("name", who.name())});
    co_return make_session(std::move(prepared), std::move(*stored), from);
}

task<result<session>> registry::resume(base::secret token, identity::address from, store::transport over)
{
    auto const denied = [this, &from](error why) {
        log_.with(from).info("resume_denied", {{"code", name_of(why.code)}});
        return unexpected(std::move(why));
    };
    auto const digest = digest_of(token.view());
    std::optional<store::found_session> match;
    if (digest) {
        auto looked_up = co_await sessions_.find(*digest);
        if (!looked_up) co_return denied(unavailable());
        match = std::move(*looked_up);
    }
    auto const now = clock_.now();
    if (match && is_expired(match->session, now)) {
        co_await terminate(match->session, store::end_cause::expired);
        match.reset();
    }
    if (!match || match->account_disabled || ended_.contains(match->session.id)) {
        auto const why = co_await token_error(from);
        co_return denied(why);
    }
    store::found_session const& found = *match;
    store::session const& known = found.session;
    if (known.transport == store::transport::tls && over == store::transport::plain) {
        // On the way from another machine the token may have been read by anybody.
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
    // That the store cannot count now does not make the token any better.
    if (counted) co_await throttle_.fail(*counted);
    if (!counted && counted.error().code != code::unavailable) co_return counted.error();
    co_return invalid_token();
}

task<result<std::vector<store::session>>> registry::list(store::account_id account)
{
    auto const now = clock_.now();
    auto listed = co_await sessions_.list(account, now, idle_since(now));
    if (!listed) co_return unexpected(unavailable());
    for (auto& each : *listed) {
        auto const use = pending_activity(each.id);
        if (!use) continue;
        each.last_used_at = std::max(each.last_used_at, use->at);
        if (!use->address.empty()) each.address = use->address;
    }
    co_return std::move(*listed);
}

task<result<void>> registry::revoke(store::account_id account, store::session_id id, store::end_cause why)
{
    auto const ended = co_await sessions_.end(account, id, why);
    if (!ended && ended.error() == store::errc::not_found) {
        co_return unexpected(error{code::not_found, "there is no such session"});
    }
    if (!ended) co_return unexpected(unavailable());
    co_return result<void>{};
}

task<result<void>> registry::revoke_all(store::account_id account, store::end_cause why)
{
    auto const ended = co_await sessions_.end_all(account, why);
    if (!ended) co_return unexpected(unavailable());
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
        for (auto const id : *over) ended.push_back({id, {}, "no_longer_valid"});
        on_ended(ended);
    }
}

task<void> registry::end_expired()
{
    // So far back, because what is written by hand may be committed late. To be told twice does no harm.
    constexpr std::chrono::minutes lookback{1};
    auto const now = clock_.now();
    auto const expired = co_await sessions_.ended_between(now - lookback, now);
    if (!expired || expired->empty()) co_return;
    std::vector<store::ended_session> ended;
    for (auto const id : *expired) ended.push_back({id, {}, {}});
    std::lock_guard const lock{watch_mutex_};
    if (watch_.ended) watch_.ended(ended);
}

task<void> registry::prune()
{
    // The store judges by what is written: a session in use must not look idle to it.
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
        for (auto const& [id, use] : activity_) batch.push_back(use);
    }
    if (batch.empty()) co_return true;
    auto const written = co_await sessions_.touch(batch);
    if (!written) {
        log_.warn("session_uses_not_written", {{"count", batch.size()}});
        co_return false;
    }
    std::lock_guard const lock{activity_mutex_};
    for (auto const& use : batch) {
        auto const kept = activity_.find(use.id);
        bool const is_same =
            kept != activity_.end() && kept->second.at == use.at && kept->second.address == use.address;
        if (is_same) activity_.erase(kept);
    }
    co_return true;
}

void registry::record_activity(store::session_activity use)
{
    std::lock_guard const lock{activity_mutex_};
    auto& kept = activity_[use.id];
    kept.id = use.id;
    kept.at = std::max(kept.at, use.at);
    if (use.address.empty()) return;
    kept.address = std::move(use.address);
    kept.network = std::move(use.network);
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
    prepared.expires_at_ = now + options_.ttl;
    return prepared;
}

store::new_session registry::record_of(session const& prepared, base::timestamp now, identity::address const& from,
                                       store::transport over) const
{
    store::new_session fresh;
    fresh.digest = digest_of(prepared.token_.view()).value();
    fresh.created_at = now;
    fresh.expires_at = prepared.expires_at_;
    fresh.address = from.text();
    fresh.network = from.network();
    fresh.transport = over;
    fresh.max_sessions = options_.max_per_account;
    return fresh;
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
    auto const use = pending_activity(found.id);
    auto const last_used_at = use ? std::max(found.last_used_at, use->at) : found.last_used_at;
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

task<void> registry::terminate(store::session const& refused, store::end_cause why)
{
    // Remembered here first: the store may be down, and the clock may be set back.
    ended_.add(std::array{refused.id});
    auto const ended = co_await sessions_.end(refused.account, refused.id, why);
    if (!ended && ended.error() == store::errc::unavailable) {
        log_.warn("session_not_ended", {{"session", refused.id}});
    }
}

void registry::on_ended(std::span<store::ended_session const> ended)
{
    std::vector<store::session_id> ids;
    ids.reserve(ended.size());
    for (auto const& each : ended) ids.push_back(each.id);
    ended_.add(ids);
    if (ended.size() <= most_ending_lines) {
        for (auto const& each : ended) {
            log_.info("session_ended",
                      {{"session", each.id}, log::quoted("name", each.account_name), {"cause", each.cause}});
        }
    } else {
        log_.info("sessions_ended", {{"count", ended.size()}});
    }
    std::lock_guard const lock{watch_mutex_};
    if (watch_.ended) watch_.ended(ended);
}

void registry::notify_missed()
{
    std::lock_guard const lock{watch_mutex_};
    if (watch_.missed) watch_.missed();
}

void registry::notify_lost(std::string const& reason)
{
    std::lock_guard const lock{watch_mutex_};
    if (watch_.lost) watch_.lost(reason);
}

}  // namespace porter::detail::sessions
