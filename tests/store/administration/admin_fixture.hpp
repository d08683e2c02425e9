#pragma once

#include <memory>
#include <string>

#include "store/sqlite/administration/accounts.hpp"
#include "store/sqlite/administration/open.hpp"
#include "store/sqlite/database_fixture.hpp"

namespace porter::testing {

namespace administration = detail::store::sqlite::administration;

/// A database with the account alice and an administrator's connection to it. The store of porterd may stay open.
class admin_fixture {
public:
    enum class porterd { closed, open };

    explicit admin_fixture(porterd beside = porterd::closed) : ports(database.open())
    {
        auto fresh = account_of("alice");
        fresh.password_hash = "$argon2id$v=19$m=19456,t=2,p=1$salt$hash";
        alice = database.add(fresh);
        if (beside == porterd::closed) database.close();
    }

    detail::store::sqlite::database& db()
    {
        if (!db_) db_ = administration::open_to_write(database.options);
        return *db_;
    }

    /// Closes the administrator's connection.
    void disconnect() { db_.reset(); }

    std::string run_sql(std::string const& sql) { return database.administrator().run(sql); }

    database_fixture database;
    detail::store::ports ports;  ///< invalid once the store is closed
    detail::store::account alice;

private:
    std::unique_ptr<detail::store::sqlite::database> db_;
};

}  // namespace porter::testing
