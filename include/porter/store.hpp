#pragma once

// What a store implements, with its records, limits and rules: see porter/store/ports.hpp.

#include "porter/store/hash_cost.hpp"
#include "porter/store/limits.hpp"
#include "porter/store/ports.hpp"
#include "porter/store/records.hpp"
#include "porter/store/throttle.hpp"
