#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "porter/start_error.hpp"
#include "porter/task.hpp"
#include "store/postgres/condition.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/options.hpp"

namespace porter::detail::store::postgres {

/// The version of the schema that this program is made for: the number of the newest step in migrations/postgres.
inline constexpr std::int64_t schema_version = 5;

/// The role whose privileges a program needs: tools/postgres/roles.sql makes it, and the migrations grant them.
enum class program_role : std::uint8_t {
    node,           ///< porter_node, for porterd
    administrator,  ///< porter_administrator, for porterctl
};

/// What a database says of itself.
struct schema {
    std::int64_t version = 0;          ///< of the newest step; 0: there is no schema
    std::int64_t works_with = 0;       ///< the oldest schema_version of a program that can use it
    std::string encoding;              ///< such as UTF8
    std::string role;                  ///< of the session
    std::vector<std::string> absent;   ///< the tables of the newest step that are not there
    std::vector<std::string> missing;  ///< the privileges on the others that the role lacks, as "DELETE on sessions"
    program_role wanted_role = program_role::node;  ///< whose privileges these are
};

/// Why the schema could not be read.
struct schema_error {
    start_errc code = start_errc::unavailable;
    std::string text;  ///< one line for a person
};

/// Reads the schema by a connection that is open and not in use. Errors: bad_data if what is there is not Porter's
/// schema; configuration if the role may not read it; unavailable if the server did not answer, or could not.
task<porter::result<schema, schema_error>> read_schema(connection& conn, connection::time deadline,
                                                       program_role wanted = program_role::node);

/// Throws start_error (bad_data) if the schema is too new for a program made for `wanted`.
void reject_newer(schema const& found, std::int64_t wanted = schema_version);

/// Throws start_error: bad_data if the schema is absent, too old, too new or incomplete for a program made for
/// `wanted`; configuration if the encoding or the role is wrong. The message says what to do.
void reject_unusable(schema const& found, std::int64_t wanted = schema_version);

/// What check() finds in a database that can be used.
struct inspection {
    std::string server;  ///< the primary, such as db1.example:5432
    postgres::schema schema;
    postgres::condition condition;
};

/// Connects to the primary and rejects an unusable schema. Changes nothing, and blocks the thread. Throws start_error,
/// also unavailable if no server is a primary that can be reached, and configuration if the login, the name of the
/// database or a certificate is wrong.
inspection check(options const& options);

}  // namespace porter::detail::store::postgres
