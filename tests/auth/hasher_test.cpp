#include "auth/hasher.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "support/catch.hpp"
#include "support/plain_hash.hpp"
#include "support/recording_log.hpp"
#include "support/run.hpp"

using namespace porter;
using namespace porter::rooms;
using namespace std::chrono_literals;

namespace {

struct fixture {
    asio::io_context io;
    testing::recording_log log;
    testing::hash_counts counts;
    auth::hasher hasher{auth::hash_options{.threads = 1}, std::make_unique<testing::plain_hash>(counts), log};
    identity::address here = *identity::address::parse("192.0.2.7");

    result<bool> verify(std::string stored, std::string_view password)
    {
        return testing::run(io, hasher.verify(std::move(stored), base::secret{password}, here));
    }
    result<std::string> hash(std::string_view password)
    {
        return testing::run(io, hasher.hash(base::secret{password}, here));
    }
};

/// A function that says when it begins to verify, and does not end before it is told.
class gated_hash final : public auth::hash_function {
public:
    struct gate {
        std::counting_semaphore<> entered{0};
        std::counting_semaphore<> open{0};
        std::function<void()> inside = [] {};
    };

    explicit gated_hash(gate& where) : gate_(where) {}

    std::optional<std::string> make(std::string_view) noexcept override { return "hash"; }
    verdict verify(std::string const&, std::string_view) noexcept override
    {
        gate_.inside();
        gate_.entered.release();
        gate_.open.acquire();
        return verdict::match;
    }
    bool is_stale(std::string const&) const noexcept override { return false; }

private:
    gate& gate_;
};

/// A hasher with one thread and one place in its queue, behind a gate.
struct gated_fixture {
    asio::io_context io;
    testing::recording_log log;
    gated_hash::gate gate;
    std::unique_ptr<auth::hasher> hasher = std::make_unique<auth::hasher>(
        auth::hash_options{.threads = 1, .queue_limit = 1}, std::make_unique<gated_hash>(gate), log);
    identity::address here = *identity::address::parse("192.0.2.7");

    /// Begins a verification; its outcome is there when the context has run.
    void begin(std::optional<result<bool>>& outcome)
    {
        auto work = testing::keep_value(hasher->verify("hash", base::secret{"password"}, here), outcome);
        asio::co_spawn(io, std::move(work), [](std::exception_ptr escaped) {
            if (escaped) std::rethrow_exception(escaped);
        });
        io.restart();
        io.poll();
    }

    void run_until(std::optional<result<bool>> const& outcome)
    {
        io.restart();
        while (!outcome) io.run_one();
    }
};

task<bool> resumes_on_its_own_thread(auth::hasher& hasher, identity::address from)
{
    auto const before = std::this_thread::get_id();
    base::secret password{"password"};
    auto const hashed = co_await hasher.hash(std::move(password), from);
    co_return hashed&& std::this_thread::get_id() == before;
}

}  // namespace

TEST_CASE("a password verifies against its hash and no other does")
{
    fixture house;
    auto const hash = house.hash("correct horse");
    REQUIRE(hash);
    CHECK(*house.verify(*hash, "correct horse"));
    CHECK_FALSE(*house.verify(*hash, "wrong horse"));
}

TEST_CASE("the hasher does Argon2id with the parameters it is given")
{
    asio::io_context io;
    testing::recording_log log;
    auth::hasher hasher{auth::hash_options{.threads = 1, .memory = 16 * 1024, .ops = 2}, log};
    auto const here = *identity::address::parse("192.0.2.7");
    auto const hash = testing::run(io, hasher.hash(base::secret{"correct horse"}, here));
    REQUIRE(hash);
    CHECK(hash->starts_with("$argon2id$v=19$m=16,t=2,p=1$"));
    CHECK_FALSE(hasher.needs_rehash(*hash));
    CHECK(hasher.decoy().starts_with("$argon2id$v=19$m=16,t=2,p=1$"));
    CHECK(*testing::run(io, hasher.verify(*hash, base::secret{"correct horse"}, here)));
    CHECK_FALSE(*testing::run(io, hasher.verify(hasher.decoy(), base::secret{"correct horse"}, here)));
}

TEST_CASE("a stored hash that cannot be read matches nothing at the price of one hash and is logged")
{
    fixture house;
    auto const before = house.counts.all();
    auto const verified = house.verify("correct horse", "correct horse");
    REQUIRE(verified);
    CHECK_FALSE(*verified);
    CHECK(house.counts.all() == before + 1);
    CHECK(house.log.count("password_hash_unreadable") == 1);
}

TEST_CASE("without memory the answer is busy and never wrong")
{
    fixture house;
    auto const hash = house.hash("correct horse");
    REQUIRE(hash);
    house.counts.out_of_memory = true;
    for (auto const* stored : {hash->c_str(), "unreadable"}) {
        auto const verified = house.verify(stored, "correct horse");
        REQUIRE_FALSE(verified);
        CHECK(verified.error().what == code::busy);
        CHECK(verified.error().retry_after >= 1s);
    }
    auto const hashed = house.hash("correct horse");
    REQUIRE_FALSE(hashed);
    CHECK(hashed.error().what == code::busy);
}

TEST_CASE("a hasher that cannot make one hash does not start")
{
    testing::recording_log log;
    testing::hash_counts counts;
    counts.out_of_memory = true;
    CHECK_THROWS_AS((auth::hasher{auth::hash_options{}, std::make_unique<testing::plain_hash>(counts), log}),
                    std::runtime_error);
}

TEST_CASE("a task goes on upon its own thread after a hash")
{
    fixture house;
    CHECK(testing::run(house.io, resumes_on_its_own_thread(house.hasher, house.here)));
}

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

TEST_CASE("hashing threads have a name and stand back behind all others")
{
    int own = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
    int niceness = -100;
    std::array<char, 16> name{};
    gated_fixture house;
    house.gate.inside = [&] {
        niceness = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
        pthread_getname_np(pthread_self(), name.data(), name.size());
    };
    house.gate.open.release();
    std::optional<result<bool>> outcome;
    house.begin(outcome);
    house.run_until(outcome);
    CHECK(niceness == std::min(own + 10, 19));
    CHECK(std::string{name.data()} == "porter-hash");
}

TEST_CASE("waiting time goes with the queue and is at least a second")
{
    CHECK(auth::waiting_time(0, 1, 25ms) == 1s);
    CHECK(auth::waiting_time(1, 1, 25ms) == 1s);
    CHECK(auth::waiting_time(100, 1, 25ms) == 3s);
    CHECK(auth::waiting_time(100, 4, 100ms) == 3s);
    CHECK(auth::waiting_time(100, 0, 25ms) == 3s);
}
