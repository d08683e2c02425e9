#pragma once

#include "porter/store/hash_cost.hpp"

namespace porter::detail::base {

using porter::store::hash_cost;
using porter::store::hash_cost_of;
using porter::store::is_computable;
using porter::store::least_hash_memory_kib;
using porter::store::least_hash_passes;
using porter::store::most_hash_memory_kib;
using porter::store::most_hash_passes;
using porter::store::most_hash_work_kib;
using porter::store::salt_and_hash_length;

}  // namespace porter::detail::base
