// Promise P3 of SECURITY.md.
#include "auth/hasher.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <new>
#include <stdexcept>
#include <thread>

#include "auth/gated_hasher.hpp"
#include "porter/testing/recording_log.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "testing/plain_hash.hpp"

using namespace porter;
using namespace porter::detail;
using namespace std::chrono_literals;
using testing::gated_fixture;

namespace {

struct fixture {
    asio::io_context io;
    testing::recording_log log;
    testing::hash_counts counts;
    auth::hasher hasher{auth::hash_options{.threads = 1}, std::make_unique<testing::plain_hash>(counts), log};
    identity::address client_address = *identity::address::parse("192.0.2.7");

    result<bool> verify(std::string stored, std::string_view password)
    {
        return testing::run(io, hasher.verify(std::move(stored), {}, base::secret{password}, client_address));
    }
    result<std::string> hash(std::string_view password)
    {
        return testing::run(io, hasher.hash(base::secret{password}, client_address));
    }
};

task<bool> resumes_on_its_own_thread(auth::hasher& hasher, identity::address from)
{
    auto const before = std::this_thread::get_id();
    base::secret password{"password"};
    auto const hashed = co_await hasher.hash(std::move(password), from);
    co_return hashed&& std::this_thread::get_id() == before;
}

/// A function that has no memory for the hash of an unknown account.
class short_of_memory final : public auth::hash_function {
public:
    std::optional<std::string> make(std::string_view) noexcept override { return "hash"; }
    verify_result verify(std::string const&, std::string_view) noexcept override { return verify_result::match; }
    base::hash_cost cost() const noexcept override { return {8, 1}; }
    std::optional<base::hash_cost> cost_of(std::string_view) const noexcept override { return cost(); }
    std::string dummy_hash(base::hash_cost const&) const override { throw std::bad_alloc{}; }
};

}  // namespace

TEST_CASE("only the right password verifies against a hash")
{
    fixture fixture;
    auto const hash = fixture.hash("correct horse");
    REQUIRE(hash);
    CHECK(*fixture.verify(*hash, "correct horse"));
    CHECK_FALSE(*fixture.verify(*hash, "wrong horse"));
}

TEST_CASE("without memory on a hashing thread the request is busy and the thread goes on")
{
    asio::io_context io;
    testing::recording_log log;
    auth::hasher hasher{auth::hash_options{.threads = 1}, std::make_unique<short_of_memory>(), log};
    auto const client_address = *identity::address::parse("192.0.2.7");
    auto const unknown = testing::run(io, hasher.verify(std::nullopt, {}, base::secret{"password"}, client_address));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == code::busy);
    CHECK(unknown.error().reason == "out of memory");
    auto const known = testing::run(io, hasher.verify("hash", {}, base::secret{"password"}, client_address));
    REQUIRE(known);
    CHECK(*known);
}

TEST_CASE("the hasher uses Argon2id with the given parameters")
{
    asio::io_context io;
    testing::recording_log log;
    auth::hasher hasher{auth::hash_options{.threads = 1, .memory = 16 * 1024, .ops = 2}, log};
    auto const client_address = *identity::address::parse("192.0.2.7");
    auto const hash = testing::run(io, hasher.hash(base::secret{"correct horse"}, client_address));
    REQUIRE(hash);
    CHECK(hash->starts_with("$argon2id$v=19$m=16,t=2,p=1$"));
    CHECK_FALSE(hasher.needs_rehash(*hash));
    CHECK(*testing::run(io, hasher.verify(*hash, {}, base::secret{"correct horse"}, client_address)));
    CHECK_FALSE(*testing::run(io, hasher.verify(std::nullopt, {}, base::secret{"correct horse"}, client_address)));
}

TEST_CASE("an unreadable stored hash matches no password costs one hash and is logged")
{
    fixture fixture;
    auto const before = fixture.counts.all();
    auto const verified = fixture.verify("correct horse", "correct horse");
    REQUIRE(verified);
    CHECK_FALSE(*verified);
    CHECK(fixture.counts.all() == before + 1);
    CHECK(fixture.log.count("password_hash_unreadable") == 1);
}

TEST_CASE("without memory the result is busy and never a mismatch")
{
    fixture fixture;
    auto const hash = fixture.hash("correct horse");
    REQUIRE(hash);
    fixture.counts.out_of_memory = true;
    for (auto const* stored : {hash->c_str(), "unreadable"}) {
        auto const verified = fixture.verify(stored, "correct horse");
        REQUIRE_FALSE(verified);
        CHECK(verified.error().code == code::busy);
        CHECK(verified.error().retry_after >= 1s);
    }
    auto const hashed = fixture.hash("correct horse");
    REQUIRE_FALSE(hashed);
    CHECK(hashed.error().code == code::busy);
}

TEST_CASE("a hasher that cannot make one hash does not start")
{
    testing::recording_log log;
    testing::hash_counts counts;
    counts.out_of_memory = true;
    CHECK_THROWS_AS((auth::hasher{auth::hash_options{}, std::make_unique<testing::plain_hash>(counts), log}),
                    std::runtime_error);
}

TEST_CASE("a task resumes on its own thread after a hash")
{
    fixture fixture;
    CHECK(testing::run(fixture.io, resumes_on_its_own_thread(fixture.hasher, fixture.client_address)));
}

TEST_CASE("when the queue is full a job of the network with most jobs is rejected")
{
    gated_fixture fixture{3};
    std::array<std::optional<result<bool>>, 4> others;
    std::optional<result<bool>> single;
    for (auto& each : others) fixture.begin(each, "2001:db8::1");
    fixture.gate.entered.acquire();
    fixture.begin(single, "192.0.2.7");
    fixture.run_until(others[3]);
    CHECK(others[3]->error().code == code::busy);
    std::optional<result<bool>> neighbour;
    fixture.begin(neighbour, "2001:db8::2");
    fixture.run_until(neighbour);
    CHECK(neighbour->error().code == code::busy);
    fixture.gate.open.release(4);
    fixture.run_until(single);
    CHECK(**single);
    fixture.run_until(others[2]);
}

TEST_CASE("the strength of a password is checked without a hash")
{
    fixture fixture;
    auto const before = fixture.counts.all();
    auto const weak =
        testing::run(fixture.io, fixture.hasher.weakness(base::secret{"password1"}, "Alice", fixture.client_address));
    REQUIRE(weak);
    CHECK(weak->has_value());
    CHECK(fixture.counts.all() == before);
}

TEST_CASE("hashing threads have a name and a lower priority")
{
    int own = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
    int niceness = -100;
    std::array<char, 16> name{};
    gated_fixture fixture;
    fixture.gate.inside = [&] {
        niceness = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
        pthread_getname_np(pthread_self(), name.data(), name.size());
    };
    fixture.gate.open.release();
    std::optional<result<bool>> outcome;
    fixture.begin(outcome);
    fixture.run_until(outcome);
    CHECK(niceness == std::min(own + 10, 19));
    CHECK(std::string{name.data()} == "porter-hash");
}

TEST_CASE("the waiting time grows with the queue and is at least a second")
{
    CHECK(auth::waiting_time(0, 1, 25ms) == 1s);
    CHECK(auth::waiting_time(1, 1, 25ms) == 1s);
    CHECK(auth::waiting_time(100, 1, 25ms) == 3s);
    CHECK(auth::waiting_time(100, 4, 100ms) == 3s);
    CHECK(auth::waiting_time(100, 0, 25ms) == 3s);
}
