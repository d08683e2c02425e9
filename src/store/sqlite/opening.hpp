#pragma once

#include <optional>

#include "porter/result.hpp"
#include "store/records.hpp"
#include "store/sqlite/database.hpp"

/// What opens a session, within a transaction of the caller. All functions may throw error.
namespace porter::detail::store::sqlite {

/// The session with this digest, if the account has it: it was opened by a call before.
std::optional<opened_session> find_opened(database& db, new_session const& record);
/// The same, if the account with this folded name and password hash has it.
std::optional<opened_session> find_opened(database& db, account const& owner, new_session const& first);

/// Opens a session, which is not there yet. Errors: credential_changed.
result<opened_session> add_session(database& db, new_session const& record);

/// As sessions::open_first().
result<opened_session> open_first_session(database& db, account const& owner, new_session first);

}  // namespace porter::detail::store::sqlite
