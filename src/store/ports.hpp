#pragma once

#include "porter/store/ports.hpp"
#include "store/records.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store {

using porter::store::access_codes;
using porter::store::accounts;
using porter::store::addresses;
using porter::store::attempts;
using porter::store::ban_watch;
using porter::store::bans;
using porter::store::ports;
using porter::store::second_factors;
using porter::store::session_watch;
using porter::store::sessions;

}  // namespace porter::detail::store
