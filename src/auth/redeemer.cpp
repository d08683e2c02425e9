#include "auth/redeemer.hpp"

#include <utility>

#include "base/access_code.hpp"
#include "base/text.hpp"
#include "store/unavailable.hpp"

namespace porter::detail::auth {
namespace {

error invalid_code()
{
    return {code::invalid_code, "this code is not known, was used already, or has expired"};
}

error other_name()
{
    return {code::invalid_code, "this code is for another name"};
}

bool counts_as_failure(code denial)
{
    return denial == code::invalid_code || denial == code::name_taken || denial == code::bad_credentials;
}

/// Empty if the name is invalid: no account and no invitation has an empty one.
std::string folded(std::string const& name)
{
    auto const valid = base::normalise_name(name);
    return valid ? base::fold_name(*valid) : std::string{};
}

}  // namespace

redeemer::redeemer(store::access_codes* codes, store::accounts& accounts, verifier& rules, auth::throttle& throttle,
                   base::clock const& clock, log::logger& log)
    : codes_(codes), accounts_(accounts), verifier_(rules), throttle_(throttle), clock_(clock), log_(log)
{}

task<result<redemption>> redeemer::redeem(base::secret code, std::string name, base::secret password,
                                          identity::address from, std::optional<pending_reset>* pending)
{
    auto const denied = [this, &from](error denial) {
        log_.with(from).info("redeem_denied", {{"code", name_of(denial.code)}});
        return unexpected(std::move(denial));
    };
    auto attempt = co_await throttle_.begin(from);
    if (!attempt) co_return denied(attempt.error());
    auto const digest = base::digest_of_access_code(code.view());
    auto const found = co_await find(digest);
    result<store::account> checked = unexpected(found ? error{} : found.error());
    if (found && found->account) {
        checked = co_await check_reset(*found, name, password, from);
    } else if (found) {
        checked = co_await check_invitation(*found, name, password, from);
    }
    if (checked && found->account && checked->has_second_factor) {
        co_await throttle_.rollback(std::move(*attempt));
        log_.with(from).info("second_factor_required", {log::quoted("name", checked->name)});
        if (pending != nullptr) *pending = pending_reset{*digest, std::move(*checked)};
        co_return unexpected(error{code::second_factor, "this account asks for a one-time code, too"});
    }
    if (checked) co_return redemption{*digest, std::move(*checked), std::move(*attempt)};
    if (!counts_as_failure(checked.error().code)) {
        co_await throttle_.rollback(std::move(*attempt));
        co_return denied(checked.error());
    }
    auto const counted = co_await throttle_.fail(std::move(*attempt));
    co_return denied(counted ? checked.error() : counted.error());
}

task<void> redeemer::rollback(redemption const& unused)
{
    return throttle_.rollback(unused.attempt());
}

task<result<store::access_code>> redeemer::find(std::optional<store::code_digest> digest)
{
    if (!digest || codes_ == nullptr) co_return unexpected(invalid_code());
    auto const found = co_await codes_->find(*digest, clock_.now());
    if (!found) co_return unexpected(store::unavailable());
    if (!*found) co_return unexpected(invalid_code());
    co_return **found;
}

task<result<store::account>> redeemer::check_invitation(store::access_code const& invited, std::string const& name,
                                                        base::secret const& password, identity::address const& from)
{
    bool const is_for_name = invited.folded_name.empty() || invited.folded_name == folded(name);
    if (!is_for_name) co_return unexpected(other_name());
    auto checked = verifier_.check_new_account(name, password);
    if (!checked) co_return unexpected(checked.error());
    auto& account = checked->account;
    auto hashed = co_await verifier_.hash_initial(std::move(checked->password), account, from);
    if (!hashed) co_return unexpected(hashed.error());
    account.password_hash = std::move(*hashed);
    co_return std::move(account);
}

task<result<store::account>> redeemer::check_reset(store::access_code const& reset, std::string const& name,
                                                   base::secret const& password, identity::address const& from)
{
    auto const found = co_await accounts_.find(folded(name));
    if (!found) co_return unexpected(store::unavailable());
    bool const is_for_name = *found && (*found)->id == *reset.account;
    if (!is_for_name) co_return unexpected(other_name());
    auto account = **found;
    // As a right password of a disabled account.
    if (account.disabled_at) co_return unexpected(error{code::bad_credentials, "the name or the password is wrong"});
    auto hashed = co_await verifier_.hash_next(password, account.name, from, source::unknown);
    if (!hashed) co_return unexpected(hashed.error());
    account.password_hash = std::move(*hashed);
    co_return std::move(account);
}

}  // namespace porter::detail::auth
