#pragma once

#include <memory>
#include <string>

#include "store/sqlite/administration/file_administration.hpp"
#include "store/sqlite/database_fixture.hpp"

namespace porter::testing {

namespace administration = detail::store::sqlite::administration;

/// An administrator's connection for changes.
inline std::unique_ptr<administration::file_administration> open_to_write(detail::store::sqlite::options const& options)
{
    constexpr auto mode = detail::store::sqlite::database::access::read_write;
    return std::make_unique<administration::file_administration>(options, mode);
}

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

    administration::file_administration& db()
    {
        if (!db_) db_ = open_to_write(database.options);
        return *db_;
    }

    /// Closes the administrator's connection.
    void disconnect() { db_.reset(); }

    std::string run_sql(std::string const& sql) { return database.administrator().run(sql); }

    database_fixture database;
    detail::store::ports ports;  ///< invalid once the store is closed
    detail::store::account alice;

private:
    std::unique_ptr<administration::file_administration> db_;
};

}  // namespace porter::testing
