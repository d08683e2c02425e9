#include <array>
#include <thread>

#include "auth/gated_hasher.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace std::chrono_literals;
using testing::gated_fixture;

TEST_CASE("a full queue answers busy with the time until a try is worth it")
{
    gated_fixture house;
    std::optional<result<bool>> under_way;
    std::optional<result<bool>> waiting;
    std::optional<result<bool>> too_many;
    house.begin(under_way);
    house.gate.entered.acquire();
    house.begin(waiting);
    house.begin(too_many);
    house.run_until(too_many);
    REQUIRE_FALSE(*too_many);
    CHECK(too_many->error().what == code::busy);
    CHECK(too_many->error().retry_after >= 1s);
    CHECK_FALSE(waiting);

    house.gate.open.release(2);
    house.run_until(under_way);
    house.run_until(waiting);
    CHECK(**under_way);
    CHECK(**waiting);
}

TEST_CASE("the time that a busy queue names goes with its length")
{
    gated_fixture house{50, 50ms};
    std::optional<result<bool>> under_way;
    house.begin(under_way);
    house.gate.entered.acquire();
    std::array<std::optional<result<bool>>, 50> waiting;
    for (auto& each : waiting) house.begin(each);
    std::optional<result<bool>> too_many;
    house.begin(too_many);
    house.run_until(too_many);
    REQUIRE_FALSE(*too_many);
    CHECK(too_many->error().retry_after >= 3s);  // for 50 that wait, and for this one: 51 times 50 ms
    house.gate.open.release(51);
    for (auto const& each : waiting) house.run_until(each);
}

TEST_CASE("who waits alone is served before the second job of somebody with many")
{
    gated_fixture house{8};
    std::array<std::optional<result<bool>>, 4> crowd;
    std::optional<result<bool>> alone;
    for (auto& each : crowd) house.begin(each, "198.51.100.1");
    house.gate.entered.acquire();
    house.begin(alone, "192.0.2.7");
    house.gate.open.release(2);
    house.run_until(crowd[0]);
    house.run_until(crowd[1]);
    CHECK_FALSE(alone);
    house.gate.open.release(1);
    house.run_until(alone);
    CHECK(**alone);
    CHECK_FALSE(crowd[2]);
    house.gate.open.release(2);
    house.run_until(crowd[3]);
}

// Promise N8: a login from an uninvolved address is served.

TEST_CASE("a job of somebody who is gone leaves the queue and costs no hash")
{
    gated_fixture house;
    std::optional<result<bool>> under_way;
    std::optional<result<bool>> gone;
    std::optional<result<bool>> next;
    asio::cancellation_signal signal;
    house.begin(under_way);
    house.gate.entered.acquire();
    house.begin(gone, "192.0.2.7", signal.slot());
    signal.emit(asio::cancellation_type::terminal);
    house.run_until(gone);
    CHECK(gone->error().what == code::busy);
    house.begin(next);
    house.gate.open.release(2);
    house.run_until(under_way);
    house.run_until(next);
    CHECK(**next);
    // One more was entered, that of `next`.
    CHECK(house.gate.entered.try_acquire());
    CHECK_FALSE(house.gate.entered.try_acquire());
}

namespace {

/// Somebody who goes away while something else than a hash is waited for.
task<void> goes_away_before(gated_fixture& house, asio::cancellation_signal& signal,
                            std::optional<result<bool>>& outcome)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    signal.emit(asio::cancellation_type::terminal);
    outcome = co_await house.hasher->verify("hash", {}, rooms::base::secret{"password"}, house.here);
}

}  // namespace

TEST_CASE("who was gone before there was a job costs no hash")
{
    gated_fixture house;
    house.gate.open.release();  // for a hash that should not be
    std::optional<result<bool>> gone;
    asio::cancellation_signal signal;
    auto const done = [](std::exception_ptr escaped) {
        if (escaped) std::rethrow_exception(escaped);
    };
    asio::co_spawn(house.io, goes_away_before(house, signal, gone), asio::bind_cancellation_slot(signal.slot(), done));
    house.run_until(gone);
    REQUIRE_FALSE(*gone);
    CHECK(gone->error().what == code::busy);
    CHECK_FALSE(house.gate.entered.try_acquire());
}

TEST_CASE("a hash that is under way is finished for somebody who is gone")
{
    gated_fixture house;
    std::optional<result<bool>> under_way;
    asio::cancellation_signal signal;
    house.begin(under_way, "192.0.2.7", signal.slot());
    house.gate.entered.acquire();
    signal.emit(asio::cancellation_type::terminal);
    house.gate.open.release();
    house.run_until(under_way);
    CHECK(**under_way);
}

TEST_CASE("a hasher that ends finishes the hash under way and answers busy to those who wait")
{
    gated_fixture house;
    std::optional<result<bool>> under_way;
    std::optional<result<bool>> waiting;
    house.begin(under_way);
    house.gate.entered.acquire();
    house.begin(waiting);
    std::thread ending{[&] { house.hasher.reset(); }};
    house.run_until(waiting);
    CHECK_FALSE(*waiting);
    CHECK(waiting->error().what == code::busy);
    house.gate.open.release();
    ending.join();
    house.run_until(under_way);
    CHECK(**under_way);
}
