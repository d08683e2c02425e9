#pragma once

#include <optional>

#include "store/conformance/store_fixture.hpp"

namespace porter::testing {

/// A database of the cluster of tests/store/postgres for each test; none, with a warning, where PostgreSQL is missing.
std::optional<backend_kind> postgres_backend();

}  // namespace porter::testing
