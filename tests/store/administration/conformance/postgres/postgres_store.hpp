#pragma once

#include <optional>

#include "store/administration/conformance/administrator_fixture.hpp"

namespace porter::testing {

/// A database of the cluster of tests/store/postgres for each test; none, with a warning, where PostgreSQL is missing.
std::optional<administered_kind> postgres_store();

}  // namespace porter::testing
