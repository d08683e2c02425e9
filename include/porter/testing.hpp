#pragma once

// For the tests of programs that use Porter; independent of any test framework. service_test tests a service alone,
// testing::server a program with porter::client.

#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "porter/testing/server.hpp"
#include "porter/testing/service_test.hpp"
