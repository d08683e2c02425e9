// Codes with the names and passwords that come with them (promise P10).
#include "auth/redeemer.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "auth/verifier_fixture.hpp"
#include "base/access_code.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace base = detail::base;

namespace {

/// A redeemer over a store with codes.
struct redeemer_fixture : verifier_fixture {
    using verifier_fixture::verifier_fixture;

    /// The code of a new invitation.
    std::string invite(std::string folded_name = {})
    {
        auto const code = base::make_access_code();
        store.add(detail::store::invitation{*base::digest_of_access_code(code.view()), std::move(folded_name), 1,
                                            clock.now() + 60s});
        return std::string{code.view()};
    }

    /// The code of a reset.
    std::string reset(detail::store::account_id account)
    {
        auto const code = base::make_access_code();
        store.add(detail::store::password_reset{*base::digest_of_access_code(code.view()), account, clock.now() + 60s});
        return std::string{code.view()};
    }

    result<detail::auth::redemption> redeem(std::string_view code, std::string_view name, std::string_view password)
    {
        auto work = redeemer.redeem(base::secret{code}, std::string{name}, base::secret{password}, client_address);
        return run(io, std::move(work));
    }

    detail::auth::redeemer redeemer{store.ports().codes, accounts, verifier, throttle, clock, log};
};

}  // namespace

TEST_CASE("an invitation is redeemed for an account with a hashed password where registration is closed")
{
    redeemer_fixture fixture{detail::auth::options{.registration = registration_mode::closed}};
    auto const redeemed = fixture.redeem(fixture.invite(), "Zoe\u0308", "correct horse");
    REQUIRE(redeemed);
    CHECK_FALSE(redeemed->is_reset());
    CHECK(redeemed->account().name == "Zoë");
    CHECK(redeemed->account().folded_name == "zoë");
    CHECK_FALSE(redeemed->account().password_hash.empty());
}

TEST_CASE("a reset is redeemed for its account with another hash")
{
    redeemer_fixture fixture;
    auto const alice = *fixture.register_account("Alice", "correct horse");
    auto const redeemed = fixture.redeem(fixture.reset(alice.id), "ALICE", "another horse");
    REQUIRE(redeemed);
    CHECK(redeemed->is_reset());
    CHECK(redeemed->account().id == alice.id);
    CHECK(redeemed->account().name == "Alice");
    CHECK(redeemed->account().password_hash != alice.password_hash);
}

TEST_CASE("a reset of an account with a second factor is pending and neither spent nor counted")
{
    redeemer_fixture fixture;
    auto const alice = *fixture.register_account("Alice", "correct horse");
    detail::store::new_second_factor factor;
    factor.account = alice.id;
    factor.sealed_secret = "sealed";
    auto adding = fixture.store.ports().second_factors->add(std::move(factor));
    REQUIRE(run(fixture.io, std::move(adding)));
    auto const code = fixture.reset(alice.id);
    for (int i = 0; i < 30; ++i) {
        std::optional<detail::auth::pending_reset> pending;
        auto work = fixture.redeemer.redeem(base::secret{code}, "Alice", base::secret{"another horse"},
                                            fixture.client_address, &pending);
        CHECK(code_of(run(fixture.io, std::move(work))) == code::second_factor);
        REQUIRE(pending);
        CHECK(pending->account().id == alice.id);
        CHECK(pending->account().password_hash != alice.password_hash);
    }
    CHECK(fixture.log.count("second_factor_required") == 30);
    CHECK(code_of(fixture.redeem(code, "Alice", "short")) == code::weak_password);
}

TEST_CASE("the code is checked before the name and the password")
{
    redeemer_fixture fixture;
    auto const alice = *fixture.register_account("Alice", "correct horse");
    CHECK(code_of(fixture.redeem("no code", " ", "short")) == code::invalid_code);
    CHECK(code_of(fixture.redeem(base::make_access_code().view(), " ", "short")) == code::invalid_code);
    CHECK(code_of(fixture.redeem(fixture.invite("bob"), "Carol", "short")) == code::invalid_code);
    CHECK(code_of(fixture.redeem(fixture.invite("bob"), " Bob", "short")) == code::invalid_code);
    CHECK(code_of(fixture.redeem(fixture.reset(alice.id), "Bob", "short")) == code::invalid_code);
    auto const invitation = fixture.invite();
    CHECK(code_of(fixture.redeem(invitation, " Bob", "short")) == code::invalid_name);
    CHECK(code_of(fixture.redeem(invitation, "Bob", "short")) == code::weak_password);
    CHECK(code_of(fixture.redeem(invitation, "Bob", "password1")) == code::weak_password);
    CHECK(code_of(fixture.redeem(invitation, "alice", "correct horse")) == code::name_taken);
    CHECK(code_of(fixture.redeem(fixture.reset(alice.id), "Alice", "short")) == code::weak_password);
}

TEST_CASE("an invalid code costs no hash")
{
    redeemer_fixture fixture;
    auto const before = fixture.hashes.all();
    CHECK(code_of(fixture.redeem(base::make_access_code().view(), "Alice", "correct horse")) == code::invalid_code);
    CHECK(fixture.hashes.all() == before);
}

TEST_CASE("an expired code is invalid")
{
    redeemer_fixture fixture;
    auto const code = fixture.invite();
    fixture.clock.advance(60s);
    CHECK(code_of(fixture.redeem(code, "Alice", "correct horse")) == code::invalid_code);
}

TEST_CASE("the reset of a disabled account is denied as its password would be")
{
    redeemer_fixture fixture;
    auto const alice = *fixture.register_account("Alice", "correct horse");
    auto const code = fixture.reset(alice.id);
    fixture.store.disable(alice.id, fixture.clock.now());
    CHECK(code_of(fixture.redeem(code, "Alice", "another horse")) == code::bad_credentials);
}

TEST_CASE("invalid codes of a network count as its failures and then valid ones are throttled")
{
    redeemer_fixture fixture;
    auto const valid = fixture.invite();
    for (int i = 0; i < 20; ++i) {
        CHECK(code_of(fixture.redeem(base::make_access_code().view(), "Bob", "correct horse")) == code::invalid_code);
    }
    auto const refused = fixture.redeem(valid, "Bob", "correct horse");
    CHECK(code_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == 600s);
    fixture.clock.advance(600s);
    CHECK(fixture.redeem(fixture.invite(), "Bob", "correct horse"));
}

TEST_CASE("a denied choice and a redemption that is not used do not count")
{
    redeemer_fixture fixture;
    auto const valid = fixture.invite();
    for (int i = 0; i < 30; ++i) {
        CHECK(code_of(fixture.redeem(valid, "Bob", "short")) == code::weak_password);
        auto const redeemed = fixture.redeem(valid, "Bob", "correct horse");
        REQUIRE(redeemed);
        run(fixture.io, fixture.redeemer.rollback(*redeemed));
    }
}

TEST_CASE("a store that fails is unavailable and nothing counts")
{
    redeemer_fixture fixture;
    auto const valid = fixture.invite();
    fixture.store.set_unavailable(true);
    CHECK(code_of(fixture.redeem(valid, "Bob", "correct horse")) == code::unavailable);
    fixture.store.set_unavailable(false);
    CHECK(fixture.redeem(valid, "Bob", "correct horse"));
}

TEST_CASE("the log has the outcome of a redemption and no code")
{
    redeemer_fixture fixture;
    auto const valid = fixture.invite();
    CHECK_FALSE(fixture.redeem(valid, "Bob", "short"));
    CHECK(fixture.log.count("redeem_denied") == 1);
    CHECK_FALSE(fixture.log.mentions(valid));
    CHECK_FALSE(fixture.log.mentions(std::string_view{valid}.substr(0, 9)));
}
