#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "store/records.hpp"
#include "store/throttle.hpp"

namespace porter::testing {

/// A time, in seconds after a fixed one.
inline detail::base::timestamp at(int seconds)
{
    return detail::base::timestamp{std::chrono::seconds{1'700'000'000 + seconds}};
}

inline detail::store::token_digest digest(int number)
{
    detail::store::token_digest made{};
    made.fill(std::byte{0x5a});
    made[0] = static_cast<std::byte>(number & 0xff);
    made[1] = static_cast<std::byte>(number >> 8 & 0xff);
    return made;
}

inline detail::store::name_digest name_digest(int number)
{
    detail::store::name_digest made{};
    made[0] = static_cast<std::byte>(number & 0xff);
    return made;
}

/// An account to add; the name is its own key, as for ASCII in lower case.
inline detail::store::account account_of(std::string folded_name)
{
    detail::store::account record;
    record.name = folded_name;
    record.folded_name = folded_name;
    record.password_hash = "hash of " + folded_name;
    record.created_at = at(0);
    return record;
}

/// The text of a hash with these parameters, as in "m=19456,t=2".
inline std::string hash_text(std::string const& parameters)
{
    return "$argon2id$v=19$" + parameters + ",p=1$" + std::string(22, 'A') + '$' + std::string(43, 'A');
}

inline detail::store::account account_of(std::string folded_name, std::string const& hash_parameters)
{
    auto record = account_of(std::move(folded_name));
    record.password_hash = hash_text(hash_parameters);
    return record;
}

/// A session to open, at(created) to at(created + 1000), with digest(number).
inline detail::store::new_session session_of(detail::store::account const& owner, int number, int created = 0)
{
    detail::store::new_session record;
    record.account = owner.id;
    record.credential_version = owner.credential_version;
    record.digest = digest(number);
    record.created_at = at(created);
    record.expires_at = at(created + 1000);
    record.address = "192.0.2.1";
    record.network = "192.0.2.1";
    record.transport = detail::store::transport::tls;
    return record;
}

/// Rules for tests: a pause after the second failure, a lock after the sixth, three failures of a network.
inline constexpr detail::store::throttle_rules few_attempts{
    .free_failures = 2,
    .pauses = {std::chrono::seconds{1}, std::chrono::seconds{3}, std::chrono::seconds{5}, std::chrono::seconds{10}},
    .locked_after = 6,
    .failures_per_network = 3,
    .network_window = std::chrono::seconds{60},
};

/// Another one each time.
inline detail::store::attempt_id new_attempt_id()
{
    static std::atomic<detail::store::attempt_id> last{0};
    return ++last;
}

/// An attempt at an account's password, at(seconds).
inline detail::store::secret_attempt attempt_at(std::optional<detail::store::account_id> account, std::string network,
                                                int seconds)
{
    detail::store::secret_attempt attempt;
    attempt.id = new_attempt_id();
    attempt.account = account;
    attempt.network = std::move(network);
    attempt.at = at(seconds);
    return attempt;
}

/// An attempt at a name that no account has.
inline detail::store::secret_attempt attempt_at(detail::store::name_digest const& unknown_name, std::string network,
                                                int seconds)
{
    auto attempt = attempt_at(std::optional<detail::store::account_id>{}, std::move(network), seconds);
    attempt.unknown_name = unknown_name;
    return attempt;
}

inline detail::store::password_change change_of(detail::store::account const& owner, std::string new_hash,
                                                detail::store::session_id keep = 0)
{
    detail::store::password_change change;
    change.account = owner.id;
    change.credential_version = owner.credential_version;
    change.new_hash = std::move(new_hash);
    change.keep = keep;
    return change;
}

}  // namespace porter::testing
