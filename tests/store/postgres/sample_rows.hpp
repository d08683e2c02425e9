#pragma once

#include <string>

#include "store/postgres/cluster.hpp"

namespace porter::testing {

/// Adds an account, returns its id.
inline std::string add_account(sql_session& by, std::string const& name)
{
    return by.run("INSERT INTO porter.accounts (name, folded_name, password_hash) VALUES ('" + name + "', '" + name +
                  "', '-') RETURNING id");
}

/// Adds a session of the account, returns its id.
inline std::string add_session(sql_session& by, std::string const& account)
{
    return by.run(
        "INSERT INTO porter.sessions (account_id, token_digest, created_at, last_used_at, expires_at, address,"
        " transport, credential_version) SELECT id, sha256(random()::text::bytea), 1, 1, 4000000000, '192.0.2.1', "
        "'tls',"
        " credential_version FROM porter.accounts WHERE id = " +
        account + " RETURNING id");
}

/// Ends a session as an administrator does by hand.
inline void end_session(sql_session& by, std::string const& session)
{
    by.run("DELETE FROM porter.sessions WHERE id = " + session);
}

}  // namespace porter::testing
