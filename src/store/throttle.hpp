#pragma once

#include "base/clock.hpp"
#include "porter/store/throttle.hpp"
#include "store/records.hpp"

namespace porter::detail::store {

using porter::store::attempt_history;
using porter::store::attempt_result;
using porter::store::decide;
using porter::store::decision;
using porter::store::failure_counter;
using porter::store::secret_attempt;
using porter::store::throttle_rules;

}  // namespace porter::detail::store
