#pragma once

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

}  // namespace porter::detail::store::postgres
