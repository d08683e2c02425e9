// Promise N8 of SECURITY.md: a login from an uninvolved address is served.
#include <array>
#include <thread>

#include "auth/gated_hasher.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace std::chrono_literals;
using testing::gated_fixture;

TEST_CASE("a full queue is busy and returns the time until a retry makes sense")
{
    gated_fixture fixture;
    std::optional<result<bool>> in_progress;
    std::optional<result<bool>> waiting;
    std::optional<result<bool>> too_many;
    fixture.begin(in_progress);
    fixture.gate.entered.acquire();
    fixture.begin(waiting);
    fixture.begin(too_many);
    fixture.run_until(too_many);
    REQUIRE_FALSE(*too_many);
    CHECK(too_many->error().code == code::busy);
    CHECK(too_many->error().retry_after >= 1s);
    CHECK_FALSE(waiting);

    fixture.gate.open.release(2);
    fixture.run_until(in_progress);
    fixture.run_until(waiting);
    CHECK(**in_progress);
    CHECK(**waiting);
}

TEST_CASE("the retry time of a busy queue grows with its length")
{
    gated_fixture fixture{50, 50ms};
    std::optional<result<bool>> in_progress;
    fixture.begin(in_progress);
    fixture.gate.entered.acquire();
    std::array<std::optional<result<bool>>, 50> waiting;
    for (auto& each : waiting) fixture.begin(each);
    std::optional<result<bool>> too_many;
    fixture.begin(too_many);
    fixture.run_until(too_many);
    REQUIRE_FALSE(*too_many);
    CHECK(too_many->error().retry_after >= 3s);  // for 50 waiting jobs and this one: 51 times 50 ms
    fixture.gate.open.release(51);
    for (auto const& each : waiting) fixture.run_until(each);
}

TEST_CASE("a network with one job is served before the second job of another network")
{
    gated_fixture fixture{8};
    std::array<std::optional<result<bool>>, 4> others;
    std::optional<result<bool>> single;
    for (auto& each : others) fixture.begin(each, "198.51.100.1");
    fixture.gate.entered.acquire();
    fixture.begin(single, "192.0.2.7");
    fixture.gate.open.release(2);
    fixture.run_until(others[0]);
    fixture.run_until(others[1]);
    CHECK_FALSE(single);
    fixture.gate.open.release(1);
    fixture.run_until(single);
    CHECK(**single);
    CHECK_FALSE(others[2]);
    fixture.gate.open.release(2);
    fixture.run_until(others[3]);
}

TEST_CASE("a cancelled job leaves the queue and costs no hash")
{
    gated_fixture fixture;
    std::optional<result<bool>> in_progress;
    std::optional<result<bool>> cancelled;
    std::optional<result<bool>> next;
    asio::cancellation_signal signal;
    fixture.begin(in_progress);
    fixture.gate.entered.acquire();
    fixture.begin(cancelled, "192.0.2.7", signal.slot());
    signal.emit(asio::cancellation_type::terminal);
    fixture.run_until(cancelled);
    CHECK(cancelled->error().code == code::busy);
    fixture.begin(next);
    fixture.gate.open.release(2);
    fixture.run_until(in_progress);
    fixture.run_until(next);
    CHECK(**next);
    // Only the job of `next` was started since.
    CHECK(fixture.gate.entered.try_acquire());
    CHECK_FALSE(fixture.gate.entered.try_acquire());
}

namespace {

/// Cancels itself before it submits a job.
task<void> cancel_before_submit(gated_fixture& fixture, asio::cancellation_signal& signal,
                                std::optional<result<bool>>& outcome)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    signal.emit(asio::cancellation_type::terminal);
    outcome = co_await fixture.hasher->verify("hash", {}, detail::base::secret{"password"}, fixture.client_address);
}

}  // namespace

TEST_CASE("a task that was cancelled before it submits a job costs no hash")
{
    gated_fixture fixture;
    fixture.gate.open.release();  // so that an unexpected hash does not block
    std::optional<result<bool>> cancelled;
    asio::cancellation_signal signal;
    auto const done = [](std::exception_ptr escaped) {
        if (escaped) std::rethrow_exception(escaped);
    };
    asio::co_spawn(fixture.io, cancel_before_submit(fixture, signal, cancelled),
                   asio::bind_cancellation_slot(signal.slot(), done));
    fixture.run_until(cancelled);
    REQUIRE_FALSE(*cancelled);
    CHECK(cancelled->error().code == code::busy);
    CHECK_FALSE(fixture.gate.entered.try_acquire());
}

TEST_CASE("a hash in progress is completed after its task is cancelled")
{
    gated_fixture fixture;
    std::optional<result<bool>> in_progress;
    asio::cancellation_signal signal;
    fixture.begin(in_progress, "192.0.2.7", signal.slot());
    fixture.gate.entered.acquire();
    signal.emit(asio::cancellation_type::terminal);
    fixture.gate.open.release();
    fixture.run_until(in_progress);
    CHECK(**in_progress);
}

TEST_CASE("a destroyed hasher completes the hash in progress and waiting tasks are busy")
{
    gated_fixture fixture;
    std::optional<result<bool>> in_progress;
    std::optional<result<bool>> waiting;
    fixture.begin(in_progress);
    fixture.gate.entered.acquire();
    fixture.begin(waiting);
    std::thread destroyer{[&] { fixture.hasher.reset(); }};
    fixture.run_until(waiting);
    CHECK_FALSE(*waiting);
    CHECK(waiting->error().code == code::busy);
    fixture.gate.open.release();
    destroyer.join();
    fixture.run_until(in_progress);
    CHECK(**in_progress);
}
