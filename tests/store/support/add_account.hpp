#pragma once

#include <chrono>
#include <filesystem>

#include "porter/result.hpp"
#include "store/sqlite/accounts.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::testing {

/// Adds an account without a session, by a connection of its own as porterctl does. The database has the newest schema.
inline detail::store::result<detail::store::account> add_account(std::filesystem::path const& file,
                                                                 detail::store::account const& fresh)
{
    namespace sqlite = detail::store::sqlite;
    sqlite::database db{file, sqlite::database::access::read_write};
    db.wait_for_locks(std::chrono::seconds{20});
    sqlite::transaction whole{db};
    auto added = sqlite::add_account(db, fresh);
    if (added) whole.commit();
    return added;
}

}  // namespace porter::testing
