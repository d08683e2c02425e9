// The connections that a list in pages goes through.
#include "server/connection_snapshot.hpp"

#include "support/catch.hpp"
#include "support/server_fixture.hpp"

namespace {

using namespace porter;
using namespace porter::testing;
using porter::detail::server::connection_snapshot;

/// A pointer that is only compared.
detail::server::connection const* some_connection(int& memory)
{
    return reinterpret_cast<detail::server::connection const*>(&memory);
}

}  // namespace

TEST_CASE("a snapshot is read in pages in the order of the numbers and knows which connections have ended")
{
    int memory = 0;
    auto const* const conn = some_connection(memory);
    connection_snapshot snapshot;
    CHECK(snapshot.is_empty());
    snapshot.assign({{9, conn}, {2, conn}, {5, conn}});
    REQUIRE(snapshot.after(0).size() == 3);
    CHECK(snapshot.after(0)[0].number == 2);
    CHECK(snapshot.after(2)[0].number == 5);
    CHECK(snapshot.after(5).size() == 1);
    CHECK(snapshot.after(9).empty());
    snapshot.forget(5);
    snapshot.forget(6);
    CHECK(snapshot.after(0)[0].conn == conn);
    CHECK(snapshot.after(2)[0].conn == nullptr);
    CHECK(snapshot.after(5)[0].conn == conn);
}

TEST_CASE("a snapshot is freed a tick after its last page")
{
    int memory = 0;
    connection_snapshot snapshot;
    snapshot.assign({{1, some_connection(memory)}});
    CHECK(snapshot.after(0).size() == 1);
    snapshot.release_unused();
    CHECK_FALSE(snapshot.is_empty());
    snapshot.release_unused();
    CHECK(snapshot.is_empty());
}

TEST_CASE("a list goes on without a connection of its next page that has ended")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto first = co_await fixture.admitted("127.5.0.1");
        auto second = co_await fixture.admitted("127.5.0.2");
        auto third = co_await fixture.admitted("127.5.0.3");
        auto const page = co_await fixture.server->list_connections(0, 1);
        REQUIRE(page.size() == 1);
        CHECK(page[0].address == "127.5.0.1");
        second.reset();
        co_await fixture.wait_for_connections(2);
        co_await third.exchange("hello");
        auto const rest = co_await fixture.server->list_connections(page[0].id, 2);
        REQUIRE(rest.size() == 1);
        CHECK(rest[0].address == "127.5.0.3");
    });
}
