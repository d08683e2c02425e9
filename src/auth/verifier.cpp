#include "auth/verifier.hpp"

#include <utility>

#include "base/text.hpp"
#include "store/unavailable.hpp"

namespace porter::detail::auth {
namespace {

error wrong()
{
    return {code::bad_credentials, "the name or the password is wrong"};
}

error name_taken()
{
    return {code::name_taken, "this name is taken"};
}

std::string closed_reason(registration_mode mode)
{
    return mode == registration_mode::invited ? "this server takes new accounts by invitation only"
                                              : "this server takes no new accounts";
}

/// The cause of a failed login, for the log; the client gets the same error for all.
std::string_view cause_of(std::optional<store::account> const& claimed)
{
    if (!claimed) return "no_such_account";
    return claimed->disabled_at ? "account_disabled" : "wrong_password";
}

source source_of(store::counted_attempt const& one)
{
    return one.is_known_network ? source::known : source::unknown;
}

/// Logs an attempt that was denied for another reason than a wrong secret.
void log_denied(log::logger& log, std::string_view event, identity::address const& from, error const& denial)
{
    log.with(from).info(event, {{"code", name_of(denial.code)}});
}

}  // namespace

verifier::verifier(store::accounts& accounts, hasher& hashing, auth::throttle& throttle, base::clock const& clock,
                   log::logger& log, options options)
    : accounts_(accounts), hasher_(hashing), throttle_(throttle), clock_(clock), log_(log), options_(options)
{}

task<result<pending_account>> verifier::register_account(std::string name, base::secret password,
                                                         identity::address from)
{
    auto const denied = [this, &from](error denial) {
        log_denied(log_, "register_denied", from, denial);
        return unexpected(std::move(denial));
    };
    auto const mode = options_->registration;
    if (mode != registration_mode::open) co_return denied({code::registration_closed, closed_reason(mode)});
    auto checked = check_new_account(name, password);
    if (!checked) co_return denied(checked.error());
    auto& account = checked->account;
    // Counted before the strength check, which takes as long as a hash.
    auto attempt = co_await throttle_.begin_registration(from);
    if (!attempt) co_return denied(attempt.error());
    auto hashed = co_await hash_initial(std::move(checked->password), account, from);
    if (!hashed && hashed.error().code == code::name_taken) {
        auto const counted = co_await throttle_.fail(std::move(*attempt));
        co_return denied(counted ? hashed.error() : counted.error());
    }
    if (!hashed) {
        co_await throttle_.rollback(std::move(*attempt));
        co_return denied(hashed.error());
    }
    account.password_hash = std::move(*hashed);
    co_return pending_account{std::move(account), std::move(*attempt)};
}

result<acceptable_account> verifier::check_new_account(std::string const& name, base::secret const& password) const
{
    auto valid = base::normalise_new_name(name);
    if (!valid) return unexpected(error{code::invalid_name, valid.error()});
    auto accepted = password_policy{options_->min_password_length}.check(password);
    if (!accepted) return unexpected(accepted.error());
    acceptable_account checked;
    checked.account.name = std::move(*valid);
    checked.account.folded_name = base::fold_name(checked.account.name);
    checked.account.created_at = clock_.now();
    checked.password = std::move(*accepted);
    return checked;
}

task<result<principal>> verifier::login(std::string name, base::secret password, identity::address from,
                                        std::optional<password_proof>* proof)
{
    auto const valid = base::normalise_name(name);
    // An invalid name is looked up, too: no account has an empty one.
    auto const folded = valid ? base::fold_name(*valid) : std::string{};
    auto const claimed = co_await accounts_.find_claimed(folded);
    if (!claimed) {
        log_denied(log_, "login_denied", from, store::unavailable());
        co_return unexpected(store::unavailable());
    }
    auto const& throttled_name = valid ? folded : name;
    auto attempt = co_await verify(*claimed, throttled_name, password, from);
    if (!attempt) co_return unexpected(attempt.error());
    store::account const& account = *claimed->account;
    if (account.has_second_factor) {
        log_.with(from).info("second_factor_required", {log::quoted("name", account.name)});
    } else {
        log_.with(from).info("login", {log::quoted("name", account.name)});
    }
    auto const origin = source_of(*attempt);
    if (hasher_.needs_rehash(account.password_hash)) co_await rehash(account, password, from, origin);
    if (!account.has_second_factor) co_return principal{account, std::move(*attempt)};
    // Earlier failures stay counted: a right password must not let a client guess codes without end.
    co_await throttle_.rollback(std::move(*attempt));
    if (proof != nullptr) *proof = password_proof{account};
    co_return unexpected(error{code::second_factor, "this account asks for a one-time code, too"});
}

task<void> verifier::rollback(principal const& unused)
{
    return throttle_.rollback(unused.attempt());
}

task<void> verifier::rollback(pending_account const& unused)
{
    return throttle_.rollback(unused.attempt());
}

task<result<void>> verifier::change_password(store::account_id account, base::secret current_password,
                                             base::secret new_password, store::session_id keep, identity::address from)
{
    auto const denied = [this, &from](error denial) {
        log_denied(log_, "password_change_denied", from, denial);
        return unexpected(std::move(denial));
    };
    auto const claimed = co_await accounts_.find_claimed(account);
    if (!claimed) co_return denied(store::unavailable());
    auto const owner = claimed->account.value_or(store::account{});
    auto attempt = co_await verify(*claimed, owner.folded_name, current_password, from);
    if (!attempt) co_return unexpected(attempt.error());
    auto const origin = source_of(*attempt);
    auto hashed = co_await hash_next(new_password, owner.name, from, origin);
    if (!hashed) {
        co_await throttle_.rollback(std::move(*attempt));
        co_return denied(hashed.error());
    }
    store::password_change change;
    change.account = account;
    change.credential_version = owner.credential_version;
    change.new_hash = std::move(*hashed);
    change.keep = keep;
    change.attempt = *attempt;
    auto const changed = co_await accounts_.change_password(change);
    if (!changed && changed.error() == store::errc::unavailable) {
        co_await throttle_.rollback(std::move(*attempt));
        co_return denied(store::unavailable());
    }
    if (!changed) {  // since the check, the password was changed or the account disabled
        auto const counted = co_await throttle_.fail(std::move(*attempt));
        co_return denied(counted ? wrong() : counted.error());
    }
    log_.with(from).info("password_changed", {log::quoted("name", owner.name)});
    co_return result<void>{};
}

task<result<std::string>> verifier::hash_initial(base::secret accepted, store::account const& account,
                                                 identity::address const& from)
{
    // A taken name need not cost a hash. The store checks again when it adds the account.
    auto const existing = co_await accounts_.find(account.folded_name);
    if (!existing) co_return unexpected(store::unavailable());
    if (*existing) {
        auto const weak = co_await hasher_.weakness(std::move(accepted), account.name, from);
        if (!weak) co_return unexpected(weak.error());
        if (*weak) co_return unexpected(error{code::weak_password, **weak});
        co_return unexpected(name_taken());
    }
    auto hashed = co_await hasher_.hash_new(std::move(accepted), account.name, from, source::unknown);
    co_return hashed;
}

task<result<std::string>> verifier::hash_next(base::secret const& password, std::string name,
                                              identity::address const& from, source origin)
{
    auto accepted = password_policy{options_->min_password_length}.check(password);
    if (!accepted) co_return unexpected(accepted.error());
    auto hashed = co_await hasher_.hash_new(std::move(*accepted), std::move(name), from, origin);
    co_return hashed;
}

task<result<store::counted_attempt>> verifier::verify(store::claimed_account const& claim, std::string name,
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
    auto normalised = base::normalise_password(password.view());
    bool const possible = claimed && !claimed->disabled_at && normalised;
    // The same work is done when nothing can match.
    std::optional<std::string> stored;
    if (claimed) stored = claimed->password_hash;
    base::secret secret = normalised ? std::move(*normalised) : base::secret{};
    auto const origin = source_of(*begun);
    auto const matches = co_await hasher_.verify(std::move(stored), claim.hash_costs, std::move(secret), from, origin);
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

task<void> verifier::rehash(store::account const& account, base::secret const& password, identity::address const& from,
                            source origin)
{
    auto normalised = base::normalise_password(password.view());
    if (!normalised) co_return;
    auto const hashed = co_await hasher_.hash(std::move(*normalised), from, origin);
    bool replaced = false;
    if (hashed) {
        auto const stored = co_await accounts_.rehash(account.id, account.password_hash, *hashed);
        replaced = stored.has_value();
    }
    if (replaced) {
        log_.with(from).info("rehashed", {log::quoted("name", account.name)});
    } else {
        log_.with(from).warn("rehash_failed", {log::quoted("name", account.name)});
    }
}

}  // namespace porter::detail::auth
