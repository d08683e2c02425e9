// Promise N13 of SECURITY.md: a new password is estimated in the turn of whoever sends it.
#include "auth/gated_hasher.hpp"
#include "auth/verifier.hpp"
#include "store/memory/backend.hpp"
#include "support/catch.hpp"
#include "support/manual_clock.hpp"

using namespace porter;
using namespace porter::detail;
using testing::gated_fixture;

namespace {

/// An account, and a hasher with one thread behind a gate.
struct fixture : gated_fixture {
    fixture() : gated_fixture{3}
    {
        store::account fresh;
        fresh.name = fresh.folded_name = "alice";
        fresh.password_hash = "hash";
        alice = *store.add(fresh);
    }

    void make_known(std::string network)
    {
        store::new_session first;
        first.account = alice.id;
        first.credential_version = alice.credential_version;
        first.created_at = clock.now();
        first.address = first.network = std::move(network);
        REQUIRE(testing::run(io, store.ports().sessions.open(first)));
    }

    void begin_change(std::optional<result<void>>& outcome)
    {
        auto work = testing::keep_value(
            verifier.change_password(alice.id, base::secret{"password"}, base::secret{"plum velvet orbit"}, 0, here),
            outcome);
        asio::co_spawn(io, std::move(work), [](std::exception_ptr escaped) {
            if (escaped) std::rethrow_exception(escaped);
        });
        poll();
    }

    void poll()
    {
        io.restart();
        io.poll();
    }

    testing::manual_clock clock;
    store::memory::backend store;
    auth::throttle throttle{store.ports().attempts, clock, log};
    auth::verifier verifier{store.ports().accounts, *hasher, throttle, clock, log, {}};
    store::account alice;
};

/// Whether the new password of an account that is known in this network, or not, is hashed before the job of a stranger
/// who came first.
bool goes_before_strangers(std::string_view known_network)
{
    fixture fixture;
    fixture.make_known(std::string{known_network});
    std::optional<result<void>> change;
    std::array<std::optional<result<bool>>, 2> strangers;
    fixture.begin_change(change);
    fixture.gate.entered.acquire();  // the current password is being verified
    fixture.begin(strangers[0], "198.51.100.1");
    fixture.begin(strangers[1], "198.51.100.2");
    fixture.gate.open.release();
    fixture.gate.entered.acquire();  // the first stranger's job is under way, so the new password can be queued
    fixture.poll();
    fixture.gate.open.release();
    fixture.gate.entered.acquire();  // the second stranger's job is under way
    fixture.poll();
    bool const came_first = change.has_value();
    fixture.gate.open.release();
    while (!change || !strangers[1]) {
        fixture.io.restart();
        fixture.io.run_one();
    }
    CHECK(*change);
    return came_first;
}

}  // namespace

TEST_CASE("the new password of an account goes before strangers only from a network that the account knows")
{
    CHECK(goes_before_strangers("192.0.2.7"));
    CHECK_FALSE(goes_before_strangers("192.0.2.8"));
}
