#include <array>
#include <thread>

#include "auth/gated_hasher.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace std::chrono_literals;
using testing::gated_fixture;

TEST_CASE("a full queue answers busy with the time until a try is worth it")
{
    gated_fixture fixture;
    std::optional<result<bool>> under_way;
    std::optional<result<bool>> waiting;
    std::optional<result<bool>> too_many;
    fixture.begin(under_way);
    fixture.gate.entered.acquire();
    fixture.begin(waiting);
    fixture.begin(too_many);
    fixture.run_until(too_many);
    REQUIRE_FALSE(*too_many);
    CHECK(too_many->error().code == code::busy);
    CHECK(too_many->error().retry_after >= 1s);
    CHECK_FALSE(waiting);

    fixture.gate.open.release(2);
    fixture.run_until(under_way);
    fixture.run_until(waiting);
    CHECK(**under_way);
    CHECK(**waiting);
}

TEST_CASE("the time that a busy queue names goes with its length")
{
    gated_fixture fixture{50, 50ms};
    std::optional<result<bool>> under_way;
    fixture.begin(under_way);
    fixture.gate.entered.acquire();
    std::array<std::optional<result<bool>>, 50> waiting;
    for (auto& each : waiting) fixture.begin(each);
    std::optional<result<bool>> too_many;
    fixture.begin(too_many);
    fixture.run_until(too_many);
    REQUIRE_FALSE(*too_many);
    CHECK(too_many->error().retry_after >= 3s);  // for 50 that wait, and for this one: 51 times 50 ms
    fixture.gate.open.release(51);
    for (auto const& each : waiting) fixture.run_until(each);
}

TEST_CASE("who waits alone is served before the second job of somebody with many")
{
    gated_fixture fixture{8};
    std::array<std::optional<result<bool>>, 4> crowd;
    std::optional<result<bool>> alone;
    for (auto& each : crowd) fixture.begin(each, "198.51.100.1");
    fixture.gate.entered.acquire();
    fixture.begin(alone, "192.0.2.7");
    fixture.gate.open.release(2);
    fixture.run_until(crowd[0]);
    fixture.run_until(crowd[1]);
    CHECK_FALSE(alone);
    fixture.gate.open.release(1);
    fixture.run_until(alone);
    CHECK(**alone);
    CHECK_FALSE(crowd[2]);
    fixture.gate.open.release(2);
    fixture.run_until(crowd[3]);
}

// Promise N8: a login from an uninvolved address is served.

TEST_CASE("a job of somebody who is gone leaves the queue and costs no hash")
{
    gated_fixture fixture;
    std::optional<result<bool>> under_way;
    std::optional<result<bool>> gone;
    std::optional<result<bool>> next;
    asio::cancellation_signal signal;
    fixture.begin(under_way);
    fixture.gate.entered.acquire();
    fixture.begin(gone, "192.0.2.7", signal.slot());
    signal.emit(asio::cancellation_type::terminal);
    fixture.run_until(gone);
    CHECK(gone->error().code == code::busy);
    fixture.begin(next);
    fixture.gate.open.release(2);
    fixture.run_until(under_way);
    fixture.run_until(next);
    CHECK(**next);
    // One more was entered, that of `next`.
    CHECK(fixture.gate.entered.try_acquire());
    CHECK_FALSE(fixture.gate.entered.try_acquire());
}

namespace {

/// Somebody who goes away while something else than a hash is waited for.
task<void> goes_away_before(gated_fixture& fixture, asio::cancellation_signal& signal,
                            std::optional<result<bool>>& outcome)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    signal.emit(asio::cancellation_type::terminal);
    outcome = co_await fixture.hasher->verify("hash", {}, detail::base::secret{"password"}, fixture.here);
}

}  // namespace

TEST_CASE("who was gone before there was a job costs no hash")
{
    gated_fixture fixture;
    fixture.gate.open.release();  // for a hash that should not be
    std::optional<result<bool>> gone;
    asio::cancellation_signal signal;
    auto const done = [](std::exception_ptr escaped) {
        if (escaped) std::rethrow_exception(escaped);
    };
    asio::co_spawn(fixture.io, goes_away_before(fixture, signal, gone),
                   asio::bind_cancellation_slot(signal.slot(), done));
    fixture.run_until(gone);
    REQUIRE_FALSE(*gone);
    CHECK(gone->error().code == code::busy);
    CHECK_FALSE(fixture.gate.entered.try_acquire());
}

TEST_CASE("a hash that is under way is finished for somebody who is gone")
{
    gated_fixture fixture;
    std::optional<result<bool>> under_way;
    asio::cancellation_signal signal;
    fixture.begin(under_way, "192.0.2.7", signal.slot());
    fixture.gate.entered.acquire();
    signal.emit(asio::cancellation_type::terminal);
    fixture.gate.open.release();
    fixture.run_until(under_way);
    CHECK(**under_way);
}

TEST_CASE("a hasher that ends finishes the hash under way and answers busy to those who wait")
{
    gated_fixture fixture;
    std::optional<result<bool>> under_way;
    std::optional<result<bool>> waiting;
    fixture.begin(under_way);
    fixture.gate.entered.acquire();
    fixture.begin(waiting);
    std::thread ending{[&] { fixture.hasher.reset(); }};
    fixture.run_until(waiting);
    CHECK_FALSE(*waiting);
    CHECK(waiting->error().code == code::busy);
    fixture.gate.open.release();
    ending.join();
    fixture.run_until(under_way);
    CHECK(**under_way);
}
