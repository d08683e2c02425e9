#pragma once

#include <memory>
#include <string>

#include "store/sqlite/administration/accounts.hpp"
#include "store/sqlite/administration/open.hpp"
#include "store/sqlite/house.hpp"

namespace porter::testing {

namespace administration = rooms::store::sqlite::administration;

/// A database that porterd made, with the account alice in it, and an administrator who works on it. porterd's own
/// store can stay open beside it.
class desk {
public:
    enum class porterd { closed, open };

    explicit desk(porterd beside = porterd::closed) : ports(here.open())
    {
        auto fresh = account_of("alice");
        fresh.password_hash = "$argon2id$v=19$m=19456,t=2,p=1$salt$hash";
        auto added = here.run(ports.accounts.add(fresh));
        REQUIRE(added);
        alice = *added;
        if (beside == porterd::closed) here.close();
    }

    rooms::store::sqlite::database& db()
    {
        if (!db_) db_ = administration::open_to_write(here.rules);
        return *db_;
    }

    /// Closes the administrator's connection.
    void leave() { db_.reset(); }

    std::string type(std::string const& sql) { return here.administrator().run(sql); }

    house here;
    rooms::store::ports ports;  ///< of no use once it is closed
    rooms::store::account alice;

private:
    std::unique_ptr<rooms::store::sqlite::database> db_;
};

}  // namespace porter::testing
