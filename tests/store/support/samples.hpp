#pragma once

#include <chrono>
#include <string>

#include "store/records.hpp"

namespace porter::testing {

/// A moment, in seconds since the beginning of the test's world.
inline rooms::base::timestamp at(int seconds)
{
    return rooms::base::timestamp{std::chrono::seconds{1'700'000'000 + seconds}};
}

inline rooms::store::token_digest digest(int number)
{
    rooms::store::token_digest made{};
    made.fill(std::byte{0x5a});
    made[0] = static_cast<std::byte>(number & 0xff);
    made[1] = static_cast<std::byte>(number >> 8 & 0xff);
    return made;
}

/// An account to add; the key is right for ASCII names in lower case.
inline rooms::store::account account_of(std::string folded_name)
{
    rooms::store::account fresh;
    fresh.name = folded_name;
    fresh.folded_name = folded_name;
    fresh.password_hash = "hash of " + folded_name;
    fresh.created_at = at(0);
    return fresh;
}

/// A session to open, at(created) to at(created + 1000), with digest(number).
inline rooms::store::new_session session_of(rooms::store::account const& owner, int number, int created = 0)
{
    rooms::store::new_session fresh;
    fresh.account = owner.id;
    fresh.credential_version = owner.credential_version;
    fresh.digest = digest(number);
    fresh.created_at = at(created);
    fresh.expires_at = at(created + 1000);
    fresh.address = "192.0.2.1";
    fresh.transport = rooms::store::transport::tls;
    return fresh;
}

}  // namespace porter::testing
