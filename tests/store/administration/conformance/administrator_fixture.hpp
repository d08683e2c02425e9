#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/ports.hpp"
#include "store/support/samples.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

namespace porter::testing {

/// An empty store that porterd has open, and an administrator's access to it.
class administered_store {
public:
    virtual ~administered_store() = default;
    virtual detail::store::ports ports() = 0;
    virtual detail::store::administration& administrator() = 0;

    ///@{
    /// What porterd would have written.
    virtual void add_failure(std::string const& network, detail::base::timestamp at) = 0;
    virtual void add_registration(std::string const& network, std::string const& site, detail::base::timestamp at) = 0;
    virtual void add_counter(detail::store::account_id account, std::string const& network, int failed,
                             detail::base::timestamp last) = 0;
    ///@}
    /// The key with which porterd seals the rows of audit.
    virtual detail::store::audit_key audit_key() = 0;
    /// Removes what keeps a slip of the hand from changing sealed rows of audit.
    virtual void unlock_audit() = 0;
    /// For tests with more bans than they would wait for as rows of audit.
    virtual void stop_audit_of_bans() = 0;
    /// Runs SQL that is the same in each store, and returns its rows as psql -At prints them.
    virtual std::string sql(std::string const& text) = 0;
};

struct administered_kind {
    std::string name;
    std::unique_ptr<administered_store> (*open)();
};

/// All stores that an administrator can open. Each of these tests runs on every one.
std::vector<administered_kind> administered_stores();

/// A store with the account alice.
class administrator_fixture {
public:
    explicit administrator_fixture(administered_kind const& kind) : store(kind.open()), ports(store->ports())
    {
        alice = account_of("alice");
        alice.password_hash = "$argon2id$v=19$m=19456,t=2,p=1$salt$hash";
        auto const added = db().add_account(alice.name, alice.folded_name, alice.password_hash, alice.created_at);
        REQUIRE(added);
        alice.id = *added;
        alice.credential_version = 1;
    }

    template <typename T>
    T run(task<T> operation)
    {
        return testing::run(io_, std::move(operation));
    }

    detail::store::administration& db() { return store->administrator(); }

    detail::store::session_id open(int number, int created = 0)
    {
        auto opened = run(ports.sessions.open(session_of(alice, number, created)));
        REQUIRE(opened);
        return opened->id;
    }

    bool is_open(int number)
    {
        auto found = run(ports.sessions.find(digest(number)));
        REQUIRE(found);
        return found->has_value();
    }

    void fail(std::string const& network, int times, int when)
    {
        for (int i = 0; i < times; ++i) store->add_failure(network, at(when));
    }

private:
    asio::io_context io_;  // outlives the store, whose threads resume tasks on it

public:
    std::unique_ptr<administered_store> store;
    detail::store::ports ports;
    detail::store::account alice;
};

}  // namespace porter::testing
