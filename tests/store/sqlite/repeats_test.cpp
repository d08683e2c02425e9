// A repeated operation answers as the first time over a restart of the server, too.
#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;

TEST_CASE("an opening of a session that is repeated after a restart answers as before")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    auto const alice = fixture.add(account_of("alice"));
    REQUIRE(fixture.run(ports.sessions.open(session_of(alice, 1, 10))));
    auto login = session_of(alice, 2, 20);
    auto const failed = fixture.run(ports.attempts.begin(attempt_at(alice.id, "198.51.100.1", 15), few_attempts));
    REQUIRE(failed);
    REQUIRE(fixture.run(ports.attempts.fail(failed->counted)));
    auto const first = fixture.run(ports.sessions.open(login));
    REQUIRE(first);
    fixture.close();

    auto const again = fixture.run(fixture.open().sessions.open(login));
    REQUIRE(again);
    CHECK(again->id == first->id);
    CHECK(again->before.last_login_at == at(10));
    CHECK(again->before.last_address == "192.0.2.1");
    CHECK(again->before.failed_since == 1);
    CHECK(fixture.administrator().run("SELECT count(*) FROM sessions") == "2");
}
