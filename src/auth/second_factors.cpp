#include "auth/second_factors.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/recovery_code.hpp"
#include "auth/totp.hpp"
#include "store/unavailable.hpp"

namespace porter::detail::auth {
namespace {

error wrong_code()
{
    return {code::bad_credentials, "the code is wrong, or was used already"};
}

error exists_already()
{
    return {code::second_factor, "the account has a second factor already: remove that first"};
}

/// The digits of a one-time code without the spaces between them; none: it has another form.
std::optional<std::string> digits_of(std::string_view code)
{
    std::string digits;
    for (auto const character : code) {
        if (character == ' ') continue;
        if (character < '0' || character > '9' || digits.size() == totp_digits) return std::nullopt;
        digits += character;
    }
    if (digits.size() != totp_digits) return std::nullopt;
    return digits;
}

}  // namespace

second_factors::second_factors(store::second_factors& store, throttle& throttle, secret_box box,
                               base::clock const& clock, log::logger& log)
    : store_(store), throttle_(throttle), box_(std::move(box)), clock_(clock), log_(log)
{}

task<result<principal>> second_factors::prove(password_proof proof, base::secret code, identity::address from)
{
    owner of{proof.account(), proof.name()};
    auto attempt = co_await check(std::move(of), std::move(code), from, purpose::login);
    if (!attempt) co_return unexpected(attempt.error());
    log_.with(from).info("login", {log::quoted("name", proof.name())});
    co_return principal{proof, std::move(*attempt)};
}

task<result<redemption>> second_factors::prove(pending_reset reset, base::secret code, identity::address from)
{
    owner of{reset.account().id, reset.account().name};
    auto attempt = co_await check(std::move(of), std::move(code), from, purpose::reset);
    if (!attempt) co_return unexpected(attempt.error());
    co_return redemption{reset, std::move(*attempt)};
}

task<result<second_factors::enrolment>> second_factors::begin(owner of)
{
    auto const found = co_await store_.find(of.account);
    if (!found) co_return unexpected(store::unavailable());
    if (*found) co_return unexpected(exists_already());
    enrolment begun;
    begun.secret = new_totp_secret();
    auto uri = otpauth_uri(of.name, begun.secret.view());
    begun.uri = base::secret{uri};
    base::wipe(uri);
    co_return std::move(begun);
}

task<result<std::vector<base::secret>>> second_factors::confirm(owner of, base::secret secret, base::secret code,
                                                                identity::address from)
{
    auto const digits = digits_of(code.view());
    auto const step = digits ? matching_step(secret.view(), *digits, clock_.now()) : std::nullopt;
    if (!step) co_return unexpected(wrong_code());
    std::vector<base::secret> codes;
    store::new_second_factor record;
    record.account = of.account;
    record.sealed_secret = box_.seal(secret.view(), of.account);
    record.last_step = *step;  // so the code of the confirmation opens no session
    record.created_at = clock_.now();
    for (std::size_t i = 0; i < recovery_code_count; ++i) {
        codes.push_back(new_recovery_code());
        record.recovery_codes.push_back(*digest_of_recovery_code(codes.back().view()));
    }
    auto const added = co_await store_.add(std::move(record));
    if (!added && added.error() == store::errc::unavailable) co_return unexpected(store::unavailable());
    if (!added) co_return unexpected(exists_already());
    log_.with(from).info("second_factor_added", {log::quoted("name", of.name)});
    co_return std::move(codes);
}

task<result<void>> second_factors::remove(owner of, base::secret code, identity::address from)
{
    auto const found = co_await store_.find(of.account);
    if (!found) co_return unexpected(store::unavailable());
    if (!*found) co_return unexpected(error{code::not_found, "the account has no second factor"});
    auto attempt = co_await check(of, std::move(code), from, purpose::removal);
    if (!attempt) co_return unexpected(attempt.error());
    auto const removed = co_await store_.remove(of.account);
    co_await throttle_.rollback(std::move(*attempt));
    if (!removed) co_return unexpected(store::unavailable());
    log_.with(from).info("second_factor_removed", {log::quoted("name", of.name)});
    co_return result<void>{};
}

task<result<store::counted_attempt>> second_factors::check(owner of, base::secret code, identity::address from,
                                                           purpose required_for)
{
    bool const is_redeem = required_for == purpose::reset;
    auto const denied = [this, &from, is_redeem](error denial) {
        log_.with(from).info(is_redeem ? "redeem_denied" : "login_denied", {{"code", name_of(denial.code)}});
        return unexpected(std::move(denial));
    };
    auto attempt = co_await throttle_.begin(of.account, std::string{}, from);
    if (!attempt) co_return denied(attempt.error());
    auto const found = co_await use(of, std::move(code), attempt->id);
    if (!found) {
        co_await throttle_.rollback(std::move(*attempt));
        co_return denied(found.error());
    }
    if (*found == check_result::accepted) co_return std::move(*attempt);
    auto const counted = co_await throttle_.fail(std::move(*attempt));
    if (!counted) co_return denied(counted.error());
    auto const cause = *found == check_result::used_code ? "used_code" : "wrong_code";
    auto denial = wrong_code();
    if (is_redeem) {
        log_.with(from).info("redeem_denied",
                             {{"code", name_of(denial.code)}, log::quoted("name", of.name), {"cause", cause}});
    } else {
        log_.with(from).info("login_failed", {log::quoted("name", of.name), {"cause", cause}});
    }
    co_return unexpected(std::move(denial));
}

task<result<second_factors::check_result>> second_factors::use(owner of, base::secret code, store::attempt_id use)
{
    if (auto digits = digits_of(code.view())) {
        auto found = co_await use_one_time_code(std::move(of), std::move(*digits), use);
        co_return found;
    }
    auto const digest = digest_of_recovery_code(code.view());
    if (!digest) co_return check_result::wrong_code;
    auto found = co_await use_recovery_code(std::move(of), *digest, use);
    co_return found;
}

task<result<second_factors::check_result>> second_factors::use_one_time_code(owner of, std::string digits,
                                                                             store::attempt_id use)
{
    auto const found = co_await store_.find(of.account);
    if (!found) co_return unexpected(store::unavailable());
    if (!*found) co_return check_result::wrong_code;  // it was removed since the password was checked
    auto const secret = box_.open((*found)->sealed_secret, of.account);
    if (!secret) {
        log_.error("second_factor_unreadable", {log::quoted("name", of.name)});
        co_return unexpected(store::unavailable());
    }
    auto const step = matching_step(secret->view(), digits, clock_.now());
    if (!step) co_return check_result::wrong_code;
    auto const used = co_await store_.use_step(of.account, *step, use);
    if (!used && used.error() == store::errc::unavailable) co_return unexpected(store::unavailable());
    co_return used ? check_result::accepted : check_result::used_code;
}

task<result<second_factors::check_result>> second_factors::use_recovery_code(owner of, store::token_digest digest,
                                                                             store::attempt_id use)
{
    auto const used = co_await store_.use_recovery_code(of.account, digest, use, clock_.now());
    if (!used && used.error() == store::errc::unavailable) co_return unexpected(store::unavailable());
    co_return used ? check_result::accepted : check_result::wrong_code;
}

}  // namespace porter::detail::auth
