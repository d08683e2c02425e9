#pragma once

#include "base/clock.hpp"
#include "base/hash_cost.hpp"
#include "porter/store/records.hpp"
#include "store/limits.hpp"

/// The public records under the names that the modules use.
namespace porter::detail::store {

using porter::store::access_code;
using porter::store::access_history;
using porter::store::account;
using porter::store::account_id;
using porter::store::attempt_id;
using porter::store::ban;
using porter::store::claimed_account;
using porter::store::code_digest;
using porter::store::counted_attempt;
using porter::store::end_cause;
using porter::store::ended_session;
using porter::store::errc;
using porter::store::found_session;
using porter::store::invitation;
using porter::store::is_past_its_end;
using porter::store::name_digest;
using porter::store::name_of;
using porter::store::new_second_factor;
using porter::store::new_session;
using porter::store::opened_session;
using porter::store::password_change;
using porter::store::password_reset;
using porter::store::result;
using porter::store::second_factor;
using porter::store::session;
using porter::store::session_activity;
using porter::store::session_id;
using porter::store::token_digest;
using porter::store::transport;

}  // namespace porter::detail::store
