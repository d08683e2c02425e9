#include "store/postgres/connection.hpp"

#include "store/postgres/fake_fixture.hpp"

using namespace porter::testing;
using porter::task;
using porter::detail::store::postgres::outcome;
using porter::detail::store::postgres::reply;

namespace {

std::vector<std::string> one(std::string result)
{
    std::vector<std::string> results;
    results.push_back(std::move(result));
    return results;
}

std::string const one_as_bigint = fake::row({{20, fake::big_endian(0, 4) + fake::big_endian(1, 4)}});

}  // namespace

TEST_CASE("segments are answered in their order without waiting for each other")
{
    fake_fixture fixture;
    reply first;
    reply second;
    auto const client = [&]() -> task<void> {
        co_await (fixture.keep(change(), first) && fixture.keep(look_up(), second));
    };
    auto const script = [&](fake::session& session) -> task<void> {
        auto const both = co_await session.read_segment();
        auto const next = co_await session.read_segment();  // although the first has no answer yet
        co_await session.answer(both, one(fake::command()));
        co_await session.answer(next, one(one_as_bigint));
    };
    fixture.run(client, script);
    CHECK(first.outcome == outcome::done);
    REQUIRE(first.results.size() == 1);
    CHECK(first.results[0].affected() == 1);
    CHECK(second.outcome == outcome::done);
    REQUIRE(second.results.size() == 1);
    CHECK(second.results[0][0].integer(0) == 1);
}

TEST_CASE("a statement is prepared at its first use alone")
{
    fake_fixture fixture;
    auto const client = [&]() -> task<void> {
        co_await fixture.send(change());
        co_await fixture.send(change());
    };
    int first = 0;
    int second = 0;
    auto const script = [&](fake::session& session) -> task<void> {
        auto segment = co_await session.read_segment();
        first = fake::count_of(segment, 'P');
        co_await session.answer(segment, one(fake::command()));
        segment = co_await session.read_segment();
        second = fake::count_of(segment, 'P');
        co_await session.answer(segment, one(fake::command()));
    };
    fixture.run(client, script);
    CHECK(first == 1);
    CHECK(second == 0);
}

TEST_CASE("a statement that could not be prepared is prepared again by its next use")
{
    fake_fixture fixture;
    reply failed;
    reply dependent;
    reply repeated;
    auto const client = [&]() -> task<void> {
        co_await (fixture.keep(change(), failed) && fixture.keep(change(), dependent));
        co_await fixture.keep(change(), repeated);
    };
    int prepared = 0;
    auto const script = [&](fake::session& session) -> task<void> {
        auto segment = co_await session.read_segment();
        co_await session.read_segment();
        co_await session.send(fake::report('E', "ERROR", "55P03", "a migration has the lock") + fake::ready() +
                              fake::report('E', "ERROR", "26000", "no such statement") + fake::ready());
        segment = co_await session.read_segment();
        prepared = fake::count_of(segment, 'P');
        co_await session.answer(segment, one(fake::command()));
    };
    fixture.run(client, script);
    CHECK(failed.outcome == outcome::again);
    CHECK(dependent.outcome == outcome::again);
    CHECK(repeated.outcome == outcome::done);
    CHECK(prepared == 1);
}

TEST_CASE("a connection that is cut between two answers leaves the second outcome unknown")
{
    fake_fixture fixture;
    reply first;
    reply second;
    auto const client = [&]() -> task<void> {
        co_await (fixture.keep(change(), first) && fixture.keep(change(), second));
        CHECK_FALSE(fixture.conn.is_open());
    };
    auto const script = [&](fake::session& session) -> task<void> {
        auto const segment = co_await session.read_segment();
        co_await session.read_segment();
        co_await session.answer(segment, one(fake::command()));
        session.close();
    };
    fixture.run(client, script);
    CHECK(first.outcome == outcome::done);
    CHECK(second.outcome == outcome::unknown);
}

TEST_CASE("a connection that is cut before the commit is confirmed leaves the outcome unknown")
{
    fake_fixture fixture;
    reply answer;
    auto const client = [&]() -> task<void> { co_await fixture.keep(change(), answer); };
    auto const script = [&](fake::session& session) -> task<void> {
        auto const segment = co_await session.read_segment();
        auto const begun = fake::session::begin(segment, one(fake::command()));
        co_await session.send(begun);
        session.close();
    };
    fixture.run(client, script);
    CHECK(answer.outcome == outcome::unknown);
    CHECK(answer.results.empty());
}

TEST_CASE("a connection that is cut after an error leaves nothing changed")
{
    fake_fixture fixture;
    reply answer;
    auto const client = [&]() -> task<void> { co_await fixture.keep(change(), answer); };
    auto const script = [&](fake::session& session) -> task<void> {
        co_await session.read_segment();
        co_await session.send(fake::report('E', "ERROR", "23505", "duplicate key"));
        session.close();
    };
    fixture.run(client, script);
    CHECK(answer.outcome == outcome::refused);
    CHECK(answer.error.code == "23505");
}

TEST_CASE("a warning in the commit makes its outcome unknown")
{
    fake_fixture fixture;
    reply warned;
    reply next;
    auto const client = [&]() -> task<void> {
        co_await (fixture.keep(change(), warned) && fixture.keep(change(), next));
    };
    auto const script = [&](fake::session& session) -> task<void> {
        auto const segment = co_await session.read_segment();
        auto const following = co_await session.read_segment();
        auto const begun = fake::session::begin(segment, one(fake::command()));
        auto const warning = fake::report('N', "WARNING", "01000", "canceling wait for synchronous replication");
        co_await session.send(begun + warning + fake::ready());
        co_await session.answer(following, one(fake::command()));
    };
    fixture.run(client, script);
    CHECK(warned.outcome == outcome::unknown);
    CHECK(next.outcome == outcome::done);
}

TEST_CASE("a warning of an earlier statement leaves its outcome known")
{
    fake_fixture fixture;
    reply answer;
    auto const client = [&]() -> task<void> {
        auto work = change();
        work.add("UPDATE things SET number = 2");
        co_await fixture.keep(std::move(work), answer);
    };
    auto const script = [&](fake::session& session) -> task<void> {
        auto const segment = co_await session.read_segment();
        auto results = one(fake::report('N', "WARNING", "01000", "something is deprecated") + fake::command());
        results.push_back(fake::command("UPDATE 1"));
        co_await session.answer(segment, std::move(results));
    };
    fixture.run(client, script);
    CHECK(answer.outcome == outcome::done);
    CHECK(answer.results.size() == 2);
}

TEST_CASE("a server that has become a standby is left")
{
    fake_fixture fixture;
    reply refused;
    reply on_the_way;
    auto const client = [&]() -> task<void> {
        co_await (fixture.keep(change(), refused) && fixture.keep(change(), on_the_way));
        CHECK_FALSE(fixture.conn.is_open());
    };
    auto const script = [&](fake::session& session) -> task<void> {
        co_await session.read_segment();
        co_await session.read_segment();
        co_await session.send(fake::message('1') + fake::message('2') +
                              fake::report('E', "ERROR", "25006", "cannot execute INSERT in a read-only transaction") +
                              fake::ready());
        co_await session.wait_for_end();
    };
    fixture.run(client, script);
    CHECK(refused.outcome == outcome::again);
    CHECK(on_the_way.outcome == outcome::unknown);
}

TEST_CASE("a server that shuts down leaves the outcome unknown")
{
    fake_fixture fixture;
    reply answer;
    auto const client = [&]() -> task<void> { co_await fixture.keep(change(), answer); };
    auto const script = [&](fake::session& session) -> task<void> {
        auto const segment = co_await session.read_segment();
        auto const begun = fake::session::begin(segment, one(fake::command()));
        co_await session.send(begun + fake::report('E', "FATAL", "57P01", "terminating connection"));
        session.close();
    };
    fixture.run(client, script);
    CHECK(answer.outcome == outcome::unknown);
    CHECK(answer.error.code == "57P01");
}

TEST_CASE("a server that is silent for longer than the patience is left")
{
    fake_fixture fixture{std::chrono::milliseconds{100}};
    reply answer;
    auto const client = [&]() -> task<void> {
        co_await fixture.keep(change(), answer);
        CHECK_FALSE(fixture.conn.is_open());
    };
    auto const script = [&](fake::session& session) -> task<void> {
        co_await session.read_segment();
        co_await session.wait_for_end();
    };
    fixture.run(client, script);
    CHECK(answer.outcome == outcome::unknown);
    CHECK(answer.error.message == "no answer in time");
}

TEST_CASE("a segment on a dropped connection has an unknown outcome at once")
{
    fake_fixture fixture;
    reply answer;
    auto const client = [&]() -> task<void> {
        fixture.conn.drop("broken");
        co_await fixture.keep(change(), answer);
    };
    auto const script = [&](fake::session& session) -> task<void> { co_await session.wait_for_end(); };
    fixture.run(client, script);
    CHECK(answer.outcome == outcome::unknown);
    CHECK(answer.error.message == "broken");
}

TEST_CASE("a segment that is larger than the buffers of the socket is sent whole")
{
    fake_fixture fixture;
    reply answer;
    std::string const large(4 * 1024 * 1024, 'x');
    auto const client = [&]() -> task<void> {
        porter::detail::store::postgres::segment work{porter::detail::store::postgres::segment::effect::writes};
        work.add("INSERT INTO things VALUES ($1)", large);
        co_await fixture.keep(std::move(work), answer);
    };
    bool is_whole = false;
    auto const script = [&](fake::session& session) -> task<void> {
        auto const segment = co_await session.read_segment();
        for (auto const& each : segment) is_whole = is_whole || each.body.find(large) != std::string::npos;
        co_await session.answer(segment, one(fake::command()));
    };
    fixture.run(client, script);
    CHECK(is_whole);
    CHECK(answer.outcome == outcome::done);
}
