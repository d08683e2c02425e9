#include "auth/verifier.hpp"

#include <utility>

#include "base/text.hpp"

namespace porter::detail::auth {
namespace {

error unavailable()
{
    return {code::unavailable, "the user database cannot be reached just now"};
}

error wrong()
{
    return {code::bad_credentials, "the name or the password is wrong"};
}

error name_taken()
{
    return {code::name_taken, "this name is taken"};
}

/// Why a try failed, for the administrator; the peer hears one answer for all.
std::string_view cause_of(std::optional<store::account> const& claimed)
{
    if (!claimed) return "no_such_account";
    return claimed->disabled_at ? "account_disabled" : "wrong_password";
}

/// An account knows the networks from which it was accessed before.
source source_of(attempt const& one)
{
    return one.counted.is_known_network ? source::known : source::unknown;
}

/// A try that came to nothing for another reason than a wrong secret.
void log_denied(log::logger& log, std::string_view event, identity::address const& from, error const& why)
{
    log.with(from).info(event, {{"code", name_of(why.code)}});
}

}  // namespace

verifier::verifier(store::accounts& accounts, hasher& hashing, auth::throttle& throttle, base::clock const& clock,
                   log::logger& log, options rules)
    : accounts_(accounts),
      hasher_(hashing),
      throttle_(throttle),
      clock_(clock),
      log_(log),
      registration_open_(rules.registration_open),
      policy_(rules.min_password_length)
{}

task<result<pending_account>> verifier::register_account(std::string name, base::secret password,
                                                         identity::address from)
{
    auto const denied = [this, &from](error why) {
        log_denied(log_, "register_denied", from, why);
        return unexpected(std::move(why));
    };
    if (!registration_open_) co_return denied({code::registration_closed, "this server takes no new accounts"});
    auto valid = base::normalise_new_name(name);
    if (!valid) co_return denied({code::invalid_name, valid.error()});
    auto accepted = policy_.check(password);
    if (!accepted) co_return denied(accepted.error());

    store::account fresh;
    fresh.name = std::move(*valid);
    fresh.folded_name = base::fold_name(fresh.name);
    fresh.created_at = clock_.now();
    // Counted before the password is estimated, which takes as long as a hash.
    auto asked = co_await throttle_.begin_registration(from);
    if (!asked) co_return denied(asked.error());
    auto hashed = co_await hash_initial(std::move(*accepted), fresh, from);
    if (!hashed && hashed.error().code == code::name_taken) {
        auto const counted = co_await throttle_.fail(std::move(*asked));
        co_return denied(counted ? hashed.error() : counted.error());
    }
    if (!hashed) {
        co_await throttle_.rollback(std::move(*asked));
        co_return denied(hashed.error());
    }
    fresh.password_hash = std::move(*hashed);
    co_return pending_account{std::move(fresh), std::move(asked->counted)};
}

task<result<principal>> verifier::login(std::string name, base::secret password, identity::address from)
{
    auto const valid = base::normalise_name(name);
    // An impossible name is looked up like any other: no account has an empty one.
    auto const folded = valid ? base::fold_name(*valid) : std::string{};
    auto const claimed = co_await accounts_.find_claimed(folded);
    if (!claimed) {
        log_denied(log_, "login_denied", from, unavailable());
        co_return unexpected(unavailable());
    }
    auto const known_as = valid ? folded : std::move(name);
    auto proved = co_await verify(*claimed, known_as, password, from);
    if (!proved) co_return unexpected(proved.error());
    store::account const& account = *claimed->account;
    log_.with(from).info("login", {log::quoted("name", account.name)});
    auto const who = source_of(*proved);
    if (hasher_.needs_rehash(account.password_hash)) co_await rehash(account, password, from, who);
    co_return principal{account, std::move(proved->counted)};
}

task<void> verifier::roll_back(principal const& unused)
{
    return throttle_.rollback(unused.attempt());
}

task<void> verifier::roll_back(pending_account const& unused)
{
    return throttle_.rollback(unused.attempt());
}

task<result<void>> verifier::change_password(store::account_id account, base::secret current, base::secret fresh,
                                             store::session_id keep, identity::address from)
{
    auto const denied = [this, &from](error why) {
        log_denied(log_, "password_change_denied", from, why);
        return unexpected(std::move(why));
    };
    auto const claimed = co_await accounts_.find_claimed(account);
    if (!claimed) co_return denied(unavailable());
    auto const owner = claimed->account.value_or(store::account{});
    auto proved = co_await verify(*claimed, owner.folded_name, current, from);
    if (!proved) co_return unexpected(proved.error());
    auto const who = source_of(*proved);
    auto hashed = co_await hash_next(fresh, owner.name, from, who);
    if (!hashed) {
        co_await throttle_.rollback(std::move(*proved));
        co_return denied(hashed.error());
    }
    store::password_change asked;
    asked.account = account;
    asked.credential_version = owner.credential_version;
    asked.new_hash = std::move(*hashed);
    asked.keep = keep;
    asked.attempt = proved->counted;
    auto const changed = co_await accounts_.change_password(asked);
    if (!changed && changed.error() == store::errc::unavailable) {
        co_await throttle_.rollback(std::move(*proved));
        co_return denied(unavailable());
    }
    if (!changed) {  // somebody else changed it, or disabled the account, meanwhile
        auto const counted = co_await throttle_.fail(std::move(*proved));
        co_return denied(counted ? wrong() : counted.error());
    }
    log_.with(from).info("password_changed", {log::quoted("name", owner.name)});
    co_return result<void>{};
}

task<result<std::string>> verifier::hash_initial(base::secret accepted, store::account const& fresh,
                                                 identity::address const& from)
{
    // A look before the hash: a name that is taken need not cost one. The store has the last word when it is added.
    auto const existing = co_await accounts_.find(fresh.folded_name);
    if (!existing) co_return unexpected(unavailable());
    if (*existing) {
        auto const weak = co_await hasher_.weakness(std::move(accepted), fresh.name, from);
        if (!weak) co_return unexpected(weak.error());
        if (*weak) co_return unexpected(error{code::weak_password, **weak});
        co_return unexpected(name_taken());
    }
    auto hashed = co_await hasher_.hash_new(std::move(accepted), fresh.name, from, source::unknown);
    co_return hashed;
}

task<result<std::string>> verifier::hash_next(base::secret const& typed, std::string name,
                                              identity::address const& from, source who)
{
    auto accepted = policy_.check(typed);
    if (!accepted) co_return unexpected(accepted.error());
    auto hashed = co_await hasher_.hash_new(std::move(*accepted), std::move(name), from, who);
    co_return hashed;
}

task<result<attempt>> verifier::verify(store::claimed_account const& claim, std::string name,
                                       base::secret const& password, identity::address const& from)
{
    auto const& claimed = claim.account;
    std::optional<store::account_id> account;
    if (claimed) account = claimed->id;
    auto begun = co_await throttle_.begin(account, std::move(name), from);
    if (!begun) {
        log_denied(log_, "login_denied", from, begun.error());
        co_return unexpected(begun.error());
    }
    auto typed = base::normalise_password(password.view());
    bool const possible = claimed && !claimed->disabled_at && typed;
    // Where nothing can match, the same work is done for show, with a secret of the same kind.
    std::optional<std::string> stored;
    if (claimed) stored = claimed->password_hash;
    base::secret secret = typed ? std::move(*typed) : base::secret{};
    auto const who = source_of(*begun);
    auto const matches = co_await hasher_.verify(std::move(stored), claim.hash_costs, std::move(secret), from, who);
    if (!matches) {
        log_denied(log_, "login_denied", from, matches.error());
        co_await throttle_.rollback(std::move(*begun));
        co_return unexpected(matches.error());
    }
    if (possible && *matches) co_return std::move(*begun);
    auto const counted = co_await throttle_.fail(std::move(*begun));
    if (!counted) {
        log_denied(log_, "login_denied", from, counted.error());
        co_return unexpected(counted.error());
    }

    if (claimed) {
        log_.with(from).info("login_failed", {log::quoted("name", claimed->name), {"cause", cause_of(claimed)}});
    } else {
        log_.with(from).info("login_failed", {{"cause", cause_of(claimed)}});
    }
    co_return unexpected(wrong());
}

task<void> verifier::rehash(store::account const& proved, base::secret const& password, identity::address const& from,
                            source who)
{
    auto typed = base::normalise_password(password.view());
    if (!typed) co_return;
    auto const hashed = co_await hasher_.hash(std::move(*typed), from, who);
    bool replaced = false;
    if (hashed) {
        auto const stored = co_await accounts_.rehash(proved.id, proved.password_hash, *hashed);
        replaced = stored.has_value();
    }
    if (replaced) {
        log_.with(from).info("rehashed", {log::quoted("name", proved.name)});
    } else {
        log_.with(from).warn("rehash_failed", {log::quoted("name", proved.name)});
    }
}

}  // namespace porter::detail::auth
