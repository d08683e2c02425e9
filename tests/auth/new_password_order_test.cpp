// Promise N13 of SECURITY.md: the strength check of a new password waits in the queue of its network.
#include "auth/gated_hasher.hpp"
#include "auth/verifier.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using testing::gated_fixture;

namespace {

/// An account, and a hasher with one thread behind a gate.
struct fixture : gated_fixture {
    fixture() : gated_fixture{3}
    {
        detail::store::account fresh;
        fresh.name = fresh.folded_name = "alice";
        fresh.password_hash = "hash";
        alice = *store.add(fresh);
    }

    void make_known(std::string network)
    {
        detail::store::new_session first;
        first.account = alice.id;
        first.credential_version = alice.credential_version;
        first.created_at = clock.now();
        first.digest[0] = static_cast<std::byte>(++sessions);
        first.address = first.network = std::move(network);
        REQUIRE(testing::run(io, store.ports().sessions.open(first)));
    }

    void begin_change(std::optional<result<void>>& outcome)
    {
        auto work = testing::keep_value(verifier.change_password(alice.id, base::secret{"password"},
                                                                 base::secret{"plum velvet orbit"}, 0, client_address),
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

    int sessions = 0;
    testing::manual_clock clock;
    testing::memory_store store;
    auth::throttle throttle{store.ports().attempts, clock, log, auth::random_name_key()};
    auth::verifier verifier{store.ports().accounts, *hasher, throttle, clock, log, {}};
    detail::store::account alice;
};

/// Whether the new password of an account to which `known_network` is known is hashed before an earlier job of an
/// unknown source.
bool precedes_unknown(std::string_view known_network)
{
    fixture fixture;
    fixture.make_known(std::string{known_network});
    std::optional<result<void>> change;
    std::array<std::optional<result<bool>>, 2> unknown;
    fixture.begin_change(change);
    fixture.gate.entered.acquire();  // the current password is being verified
    fixture.begin(unknown[0], "198.51.100.1");
    fixture.begin(unknown[1], "198.51.100.2");
    fixture.gate.open.release();
    fixture.gate.entered.acquire();  // the first unknown job is in progress, so the new password can be queued
    fixture.poll();
    fixture.gate.open.release();
    fixture.gate.entered.acquire();  // the second unknown job is in progress
    fixture.poll();
    bool const came_first = change.has_value();
    fixture.gate.open.release();
    while (!change || !unknown[1]) {
        fixture.io.restart();
        fixture.io.run_one();
    }
    CHECK(*change);
    return came_first;
}

}  // namespace

TEST_CASE("a new password is hashed before unknown jobs only from a network that the account knows")
{
    CHECK(precedes_unknown("192.0.2.7"));
    CHECK_FALSE(precedes_unknown("192.0.2.8"));
}
