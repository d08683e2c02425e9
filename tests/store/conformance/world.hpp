#pragma once

#include <asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/ports.hpp"
#include "store/support/samples.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

namespace porter::testing {

/// One backend, empty, and what an administrator can do to it beside the ports.
class subject {
public:
    virtual ~subject() = default;
    virtual rooms::store::ports ports() = 0;
    virtual void disable(rooms::store::account_id id, rooms::base::timestamp since) = 0;
    virtual void remove(rooms::store::account_id id) = 0;
};

struct backend_kind {
    std::string name;
    std::unique_ptr<subject> (*open)();
};

/// Every backend there is: a new one gets its line here, and all of these tests.
std::vector<backend_kind> backends();

/// A store and a thread to use it from.
class world {
public:
    explicit world(backend_kind const& kind) : store_(kind.open()), ports_(store_->ports()) {}

    template <typename T>
    T run(task<T> operation)
    {
        return testing::run(io_, std::move(operation));
    }

    asio::io_context& io() { return io_; }
    subject& administrator() { return *store_; }
    rooms::store::accounts& accounts() { return ports_.accounts; }
    rooms::store::sessions& sessions() { return ports_.sessions; }
    rooms::store::addresses& addresses() { return ports_.addresses; }
    rooms::store::tries& tries() { return ports_.tries; }

    rooms::store::account add(std::string const& name)
    {
        auto added = run(accounts().add(account_of(name)));
        REQUIRE(added);
        return *added;
    }

    rooms::store::session_id open(rooms::store::new_session const& fresh)
    {
        auto opened = run(sessions().open(fresh));
        REQUIRE(opened);
        return opened->id;
    }

    rooms::store::judged_try begin(std::optional<rooms::store::account_id> account, std::string network, int seconds)
    {
        auto judged = run(tries().begin(try_of(account, std::move(network), seconds), few_tries));
        REQUIRE(judged);
        return *judged;
    }

    /// A try that fails where it is let in.
    rooms::store::judged_try fail(std::optional<rooms::store::account_id> account, std::string network, int seconds)
    {
        auto judged = begin(account, std::move(network), seconds);
        if (judged.verdict.allows()) CHECK(run(tries().fail(judged.counted)));
        return judged;
    }

    void give_back(rooms::store::counted_try const& one)
    {
        std::vector<rooms::store::counted_try> const undecided{one};
        CHECK(run(tries().give_back(undecided)));
    }

    bool is_open(int number)
    {
        auto found = run(sessions().find(digest(number)));
        REQUIRE(found);
        return found->has_value();
    }

    rooms::store::account account(rooms::store::account_id id)
    {
        auto found = run(accounts().find_claimed(id));
        REQUIRE(found);
        REQUIRE(found->account);
        return *found->account;
    }

private:
    asio::io_context io_;  // outlives the store, whose threads resume tasks on it
    std::unique_ptr<subject> store_;
    rooms::store::ports ports_;
};

}  // namespace porter::testing
