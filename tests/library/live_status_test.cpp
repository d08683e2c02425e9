#include <asio/io_context.hpp>
#include <string>

#include "porter/server.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "porter/testing/server.hpp"
#include "support/catch.hpp"

TEST_CASE("only the live status has lists of clients")
{
    asio::io_context io;
    porter::testing::manual_clock clock;
    porter::testing::recording_log log;
    porter::testing::memory_store store;
    porter::server const server{io,
                                porter::testing::test_options(),
                                [](porter::connection&) -> porter::task<void> { co_return; },
                                {.logger = &log, .clock = &clock, .store = store.ports()}};
    CHECK(server.status().ends_with("\"live\":null}\n"));
    // No I/O thread has run yet, and a logger of the program keeps its events for itself.
    CHECK(
        server.live_status().ends_with("\"live\":{\"connections\":null,\"throttled\":[],"
                                       "\"bans\":{\"count\":0,\"networks\":[]},\"events\":[]}}\n"));
}
