#pragma once

#include <string>

#include "store/postgres/segment.hpp"
#include "store/records.hpp"

/// The segments that open a session, and those that undo it. Their last statement returns the session, opened by this
/// segment or by a previous one: id, account_id, before_login_at, before_address, before_failed.
namespace porter::detail::store::postgres {

segment open_session(new_session const& record);

/// Ends the session, whose token was given to no client.
segment undo_opening(new_session const& record);

/// `owner` is not disabled.
segment open_first_session(account const& owner, new_session const& first);

/// Deletes the account, unless it has another session or was accessed since; otherwise ends the session alone. Waits
/// for the opening if that is being committed.
segment undo_first_opening(account const& owner, new_session const& first);

/// The same by an invitation, one of whose uses it spends. The last statement but one returns a row if the code is
/// valid for this name: then a session is absent because the name is taken.
segment open_invited_session(code_digest const& code, account const& owner, new_session const& first);

/// As undo_first_opening(); if that deletes the account, gives the use back.
segment undo_invited_opening(code_digest const& code, account const& owner, new_session const& first);

/// Sets another password by a reset, and opens a session as the only one of the account. The last statement but one
/// returns a row if the code is valid: then a session is absent because the account is disabled. To undo it, end the
/// session by undo_opening(): the former password is gone.
segment open_reset_session(code_digest const& code, std::string const& new_hash, new_session const& record);

}  // namespace porter::detail::store::postgres
