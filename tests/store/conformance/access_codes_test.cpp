// Codes of invitations and resets: what they are for, and that they are spent once (promise P10).
#include <asio/co_spawn.hpp>
#include <optional>

#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::task;
using porter::detail::store::access_codes;
using porter::detail::store::account;
using porter::detail::store::code_digest;
using porter::detail::store::errc;
using porter::detail::store::invitation;
using porter::detail::store::new_session;
using porter::detail::store::opened_session;

namespace {

using outcome = porter::detail::store::result<opened_session>;

/// Counts of the outcomes of concurrent calls.
struct counts {
    int done = 0;
    int invalid = 0;
    int other = 0;

    void add(outcome const& one)
    {
        if (one) {
            ++done;
        } else {
            ++(one.error() == errc::not_found ? invalid : other);
        }
    }
};

task<void> register_one(access_codes& codes, code_digest code, account owner, new_session first, counts& seen)
{
    auto const opened = co_await codes.register_invited(code, std::move(owner), std::move(first));
    seen.add(opened);
}

task<void> reset_one(access_codes& codes, code_digest code, std::string hash, new_session record, counts& seen)
{
    auto const opened = co_await codes.reset_password(code, std::move(hash), std::move(record));
    seen.add(opened);
}

void rethrow(std::exception_ptr const& error)
{
    if (error) std::rethrow_exception(error);
}

outcome register_invited(store_fixture& fixture, int code, std::string const& name, int number, int created = 5)
{
    return fixture.run(
        fixture.codes().register_invited(digest(code), account_of(name), session_of({}, number, created)));
}

outcome reset(store_fixture& fixture, int code, account const& owner, std::string const& hash, int number,
              int created = 5)
{
    return fixture.run(fixture.codes().reset_password(digest(code), hash, session_of(owner, number, created)));
}

bool is_valid(store_fixture& fixture, int code, int now = 5)
{
    auto const found = fixture.run(fixture.codes().find(digest(code), at(now)));
    REQUIRE(found);
    return found->has_value();
}

bool exists(store_fixture& fixture, std::string const& name)
{
    auto const found = fixture.run(fixture.accounts().find(name));
    REQUIRE(found);
    return found->has_value();
}

template <typename T>
errc error_of(porter::detail::store::result<T> const& denied)
{
    REQUIRE_FALSE(denied);
    return denied.error();
}

}  // namespace

TEST_CASE("a code is found with what it is for until it expires")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().add(invitation{digest(100), "", 1, at(10)});
    fixture.administrator().add(invitation{digest(101), "bob", 1, at(10)});
    fixture.administrator().add(porter::detail::store::password_reset{digest(102), alice.id, at(10)});
    auto const any = fixture.run(fixture.codes().find(digest(100), at(9)));
    REQUIRE(any);
    REQUIRE(*any);
    CHECK_FALSE((*any)->account);
    CHECK((*any)->folded_name.empty());
    auto const bound = fixture.run(fixture.codes().find(digest(101), at(9)));
    REQUIRE(bound);
    REQUIRE(*bound);
    CHECK((*bound)->folded_name == "bob");
    auto const found = fixture.run(fixture.codes().find(digest(102), at(9)));
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->account == alice.id);
    for (int const code : {100, 101, 102}) CHECK_FALSE(is_valid(fixture, code, 10));
    CHECK_FALSE(is_valid(fixture, 103));
}

TEST_CASE("an invitation adds an account with its session and is spent")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.administrator().add(invitation{digest(100), "", 2, at(1000)});
    auto const opened = register_invited(fixture, 100, "alice", 1);
    REQUIRE(opened);
    CHECK(fixture.account(opened->account).name == "alice");
    CHECK(fixture.is_open(1));
    CHECK(is_valid(fixture, 100));
    CHECK(register_invited(fixture, 100, "bob", 2));
    CHECK_FALSE(is_valid(fixture, 100));
    CHECK(error_of(register_invited(fixture, 100, "carol", 3)) == errc::not_found);
    CHECK_FALSE(exists(fixture, "carol"));
    CHECK_FALSE(fixture.is_open(3));
}

TEST_CASE("an invitation that is repeated is spent once and answers as before")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.administrator().add(invitation{digest(100), "", 2, at(1000)});
    auto const first = register_invited(fixture, 100, "alice", 1);
    REQUIRE(first);
    for (int i = 0; i < 3; ++i) {
        auto const again = register_invited(fixture, 100, "alice", 1);
        REQUIRE(again);
        CHECK(again->id == first->id);
        CHECK(again->account == first->account);
    }
    CHECK(register_invited(fixture, 100, "bob", 2));
    CHECK(register_invited(fixture, 100, "bob", 2));
    CHECK(error_of(register_invited(fixture, 100, "carol", 3)) == errc::not_found);
}

TEST_CASE("an invitation is not spent by a name that is taken or by one that it is not for")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.add("alice");
    fixture.administrator().add(invitation{digest(100), "", 1, at(1000)});
    fixture.administrator().add(invitation{digest(101), "bob", 1, at(1000)});
    auto taken = account_of("alice");
    taken.password_hash = "another hash";
    auto const denied = fixture.run(fixture.codes().register_invited(digest(100), taken, session_of({}, 1, 5)));
    CHECK(error_of(denied) == errc::name_taken);
    CHECK(is_valid(fixture, 100));
    CHECK(error_of(register_invited(fixture, 101, "carol", 2)) == errc::not_found);
    CHECK_FALSE(exists(fixture, "carol"));
    CHECK(is_valid(fixture, 101));
    auto shut = account_of("bob");
    shut.disabled_at = at(1);
    auto const disabled = fixture.run(fixture.codes().register_invited(digest(101), shut, session_of({}, 3, 5)));
    CHECK(error_of(disabled) == errc::credential_changed);
    CHECK(register_invited(fixture, 101, "bob", 4));
    CHECK(register_invited(fixture, 100, "dave", 5));
}

TEST_CASE("an invitation that has expired and a reset register no account")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().add(invitation{digest(100), "", 1, at(5)});
    fixture.administrator().add(porter::detail::store::password_reset{digest(101), alice.id, at(1000)});
    CHECK(error_of(register_invited(fixture, 100, "bob", 1, 5)) == errc::not_found);
    CHECK(error_of(register_invited(fixture, 101, "bob", 2, 5)) == errc::not_found);
    CHECK_FALSE(exists(fixture, "bob"));
    CHECK(register_invited(fixture, 100, "bob", 3, 4));
}

TEST_CASE("concurrent redemptions register as many accounts as an invitation has uses")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.administrator().add(invitation{digest(100), "", 3, at(1000)});
    counts seen;
    for (int i = 0; i < 12; ++i) {
        auto work = register_one(fixture.codes(), digest(100), account_of("name" + std::to_string(i)),
                                 session_of({}, i, 5), seen);
        asio::co_spawn(fixture.io(), std::move(work), rethrow);
    }
    fixture.io().restart();
    fixture.io().run();
    CHECK(seen.done == 3);
    CHECK(seen.invalid == 9);
    CHECK(seen.other == 0);
    int added = 0;
    for (int i = 0; i < 12; ++i) added += exists(fixture, "name" + std::to_string(i)) ? 1 : 0;
    CHECK(added == 3);
}

TEST_CASE("concurrent redemptions for one name spend one use")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.administrator().add(invitation{digest(100), "", 2, at(1000)});
    counts seen;
    for (int i = 0; i < 6; ++i) {
        auto owner = account_of("alice");
        owner.password_hash = "hash " + std::to_string(i);
        auto work = register_one(fixture.codes(), digest(100), owner, session_of({}, i, 5), seen);
        asio::co_spawn(fixture.io(), std::move(work), rethrow);
    }
    fixture.io().restart();
    fixture.io().run();
    CHECK(seen.done == 1);
    CHECK(seen.other == 5);
    CHECK(is_valid(fixture, 100));
}

TEST_CASE("a reset sets the password and ends the sessions and opens one")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(alice, 1, 1));
    fixture.open(session_of(alice, 2, 2));
    fixture.administrator().add(porter::detail::store::password_reset{digest(100), alice.id, at(1000)});
    for (int i = 0; i < 2; ++i) fixture.fail(alice.id, "198.51.100." + std::to_string(i), 3);
    CHECK_FALSE(fixture.begin(alice.id, "198.51.100.9", 3).decision.allows());
    auto const attempt = fixture.begin(std::nullopt, "192.0.2.1", 3);
    REQUIRE(attempt.decision.allows());
    auto record = session_of(alice, 3, 3);
    record.attempt = attempt.counted;
    auto const opened = fixture.run(fixture.codes().reset_password(digest(100), "new hash", record));
    REQUIRE(opened);
    CHECK(opened->account == alice.id);
    CHECK(opened->before.last_login_at == at(2));
    CHECK(opened->before.failed_since == 2);
    CHECK_FALSE(fixture.is_open(1));
    CHECK_FALSE(fixture.is_open(2));
    CHECK(fixture.is_open(3));
    auto const changed = fixture.account(alice.id);
    CHECK(changed.password_hash == "new hash");
    CHECK(changed.credential_version == alice.credential_version + 1);
    CHECK(changed.failed_since == 0);
    CHECK(fixture.begin(alice.id, "198.51.100.9", 3).decision.allows());
    CHECK_FALSE(is_valid(fixture, 100));
    CHECK(error_of(reset(fixture, 100, alice, "another hash", 4)) == errc::not_found);
    // The attempt was taken back: the network may fail as often as before.
    for (int i = 0; i < 3; ++i) CHECK(fixture.fail(std::nullopt, "192.0.2.1", 6).decision.allows());
    CHECK_FALSE(fixture.begin(std::nullopt, "192.0.2.1", 6).decision.allows());
}

TEST_CASE("the attempt at a second factor before a reset is no failure of its account")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().add(porter::detail::store::password_reset{digest(100), alice.id, at(1000)});
    fixture.fail(alice.id, "192.0.2.1", 2);
    auto const attempt = fixture.begin(alice.id, "192.0.2.1", 3);
    REQUIRE(attempt.decision.allows());
    auto record = session_of(alice, 1, 3);
    record.attempt = attempt.counted;
    auto const opened = fixture.run(fixture.codes().reset_password(digest(100), "new hash", record));
    REQUIRE(opened);
    CHECK(opened->before.failed_since == 1);
    CHECK(fixture.account(alice.id).failed_since == 0);
}

TEST_CASE("a reset that is repeated answers as before")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(alice, 1, 1));
    fixture.administrator().add(porter::detail::store::password_reset{digest(100), alice.id, at(1000)});
    auto const first = reset(fixture, 100, alice, "new hash", 2);
    REQUIRE(first);
    auto const again = reset(fixture, 100, alice, "new hash", 2);
    REQUIRE(again);
    CHECK(again->id == first->id);
    CHECK(again->before.last_login_at == at(1));
    CHECK(fixture.account(alice.id).credential_version == alice.credential_version + 1);
}

TEST_CASE("a reset is of one account and not of a disabled one")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    fixture.administrator().add(porter::detail::store::password_reset{digest(100), alice.id, at(1000)});
    fixture.administrator().add(invitation{digest(101), "", 1, at(1000)});
    CHECK(error_of(reset(fixture, 100, bob, "new hash", 1)) == errc::not_found);
    CHECK(error_of(reset(fixture, 101, bob, "new hash", 2)) == errc::not_found);
    CHECK(error_of(reset(fixture, 100, alice, "new hash", 3, 1000)) == errc::not_found);
    CHECK(fixture.account(bob.id).password_hash == "hash of bob");
    fixture.administrator().disable(alice.id, at(2));
    CHECK(error_of(reset(fixture, 100, alice, "new hash", 4)) == errc::credential_changed);
    CHECK(fixture.account(alice.id).password_hash == "hash of alice");
    CHECK(is_valid(fixture, 100));
}

TEST_CASE("concurrent redemptions of a reset set one password")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().add(porter::detail::store::password_reset{digest(100), alice.id, at(1000)});
    counts seen;
    for (int i = 0; i < 8; ++i) {
        auto work = reset_one(fixture.codes(), digest(100), "hash " + std::to_string(i), session_of(alice, i, 5), seen);
        asio::co_spawn(fixture.io(), std::move(work), rethrow);
    }
    fixture.io().restart();
    fixture.io().run();
    CHECK(seen.done == 1);
    CHECK(seen.invalid == 7);
    int open = 0;
    for (int i = 0; i < 8; ++i) {
        if (!fixture.is_open(i)) continue;
        ++open;
        CHECK(fixture.account(alice.id).password_hash == "hash " + std::to_string(i));
    }
    CHECK(open == 1);
}

TEST_CASE("another password makes a reset invalid and another reset replaces it")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().add(porter::detail::store::password_reset{digest(100), alice.id, at(1000)});
    fixture.administrator().add(porter::detail::store::password_reset{digest(101), alice.id, at(1000)});
    CHECK_FALSE(is_valid(fixture, 100));
    CHECK(is_valid(fixture, 101));
    CHECK(fixture.run(fixture.accounts().change_password(change_of(alice, "another hash"))));
    CHECK_FALSE(is_valid(fixture, 101));
    auto const bob = fixture.add("bob");
    fixture.administrator().add(porter::detail::store::password_reset{digest(102), bob.id, at(1000)});
    CHECK(fixture.run(fixture.accounts().rehash(bob.id, "hash of bob", "the same anew")));
    CHECK(is_valid(fixture, 102));
    fixture.administrator().remove(bob.id);
    CHECK_FALSE(is_valid(fixture, 102));
}

TEST_CASE("upkeep keeps the codes that are valid")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().add(invitation{digest(100), "", 1, at(50)});
    fixture.administrator().add(invitation{digest(101), "", 1, at(50)});
    fixture.administrator().add(porter::detail::store::password_reset{digest(102), alice.id, at(50)});
    CHECK(register_invited(fixture, 101, "bob", 1));
    CHECK(fixture.run(fixture.sessions().prune(at(49), at(-1))));
    CHECK(is_valid(fixture, 100));
    CHECK(is_valid(fixture, 102));
    // A clock that is set back shows whether rows are there.
    CHECK(fixture.run(fixture.sessions().prune(at(50), at(-1))));
    CHECK_FALSE(is_valid(fixture, 100, 1));
    CHECK_FALSE(is_valid(fixture, 102, 1));
}
