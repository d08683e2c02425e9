#include "store/postgres/schema.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include "store/postgres/servers.hpp"

namespace porter::detail::store::postgres {

namespace {

using found_schema = porter::result<schema, schema_error>;

constexpr std::string_view no_privilege = "42501";

/// The catalogues can be read without a privilege on the schema.
constexpr char const* identity =
    "SELECT current_setting('server_encoding'), current_user::text, EXISTS (SELECT FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'porter' AND c.relname = 'schema_migrations')";

/// Of these tables ($1) and privileges on each ($2), both separated by spaces, those that the role of this session
/// lacks, and whether that is because there is no such table.
constexpr char const* missing_privileges = R"(
SELECT privilege || ' on ' || relname::text, relname::text, c.oid IS NULL
FROM unnest($1, $2) AS needed (tables, privileges)
CROSS JOIN unnest(string_to_array(tables, ' ')) AS relname
CROSS JOIN unnest(string_to_array(privileges, ' ')) AS privilege
LEFT JOIN (pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n
           ON n.oid = c.relnamespace AND n.nspname = 'porter') USING (relname)
WHERE c.oid IS NULL OR NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, privilege)
ORDER BY 1)";

/// What the migrations grant to a role.
struct grants {
    std::vector<std::string> tables;
    std::vector<std::string> privileges;
};

grants grants_of(program_role role)
{
    if (role == program_role::node) {
        return {{"accounts sessions addresses account_networks failure_counters unknown_failure_counters attempts"
                 " registrations nodes second_factors recovery_codes",
                 "password_costs schema_migrations bans ban_changes audit audit_head", "ended_sessions password_resets",
                 "invitations"},
                {"SELECT INSERT UPDATE DELETE", "SELECT", "SELECT DELETE", "SELECT UPDATE DELETE"}};
    }
    return {{"accounts addresses bans invitations password_resets",
             "sessions failure_counters attempts registrations second_factors",
             "account_networks nodes ended_sessions recovery_codes schema_migrations audit audit_head"},
            {"SELECT INSERT UPDATE DELETE", "SELECT DELETE", "SELECT"}};
}

char const* name_of(program_role role) noexcept
{
    return role == program_role::node ? "porter_node" : "porter_administrator";
}

constexpr char const* versions =
    "SELECT coalesce(max(version), 0), coalesce(max(works_with), 0) FROM schema_migrations";

start_error bad_data(std::string const& problem)
{
    return start_error{start_errc::bad_data, "the database: " + problem};
}

unexpected<schema_error> failed(server_error const& error)
{
    schema_error problem{start_errc::unavailable, error.message};
    std::string_view const code = error.code;
    if (error.severity != server_error::severity_type::error) return unexpected(std::move(problem));
    // 42: no such table or column; 22: a value; XX: damaged pages.
    if (code == no_privilege) {
        problem.code = start_errc::configuration;
    } else if (code.starts_with("42") || code.starts_with("22") || code.starts_with("XX")) {
        problem.code = start_errc::bad_data;
    }
    return unexpected(std::move(problem));
}

void add_missing(row const& from, schema& to)
{
    if (!from.boolean(2)) {
        to.missing.push_back(from.text(0));
    } else if (std::ranges::find(to.absent, from.text(1)) == to.absent.end()) {
        to.absent.push_back(from.text(1));
    }
}

task<found_schema> read(connection& conn, connection::time deadline, program_role wanted)
{
    schema found;
    found.wanted_role = wanted;
    auto const needed = grants_of(wanted);
    segment first{segment::effect::reads};
    first.add(identity).add(missing_privileges, needed.tables, needed.privileges);
    auto const session = co_await conn.exchange(std::move(first), deadline);
    if (session.outcome != outcome::done) co_return failed(session.error);
    auto const row = session.results.at(0)[0];
    found.encoding = row.text(0);
    found.role = row.text(1);
    if (!row.boolean(2)) co_return found;
    auto const& missing = session.results.at(1);
    for (std::size_t i = 0; i < missing.size(); ++i) add_missing(missing[i], found);
    auto const is_hidden = [](std::string const& each) { return each == "SELECT on schema_migrations"; };
    if (std::ranges::any_of(found.missing, is_hidden)) co_return found;

    segment second{segment::effect::reads};
    second.add(versions);
    auto const steps = co_await conn.exchange(std::move(second), deadline);
    if (steps.outcome != outcome::done) co_return failed(steps.error);
    found.version = steps.results.at(0)[0].integer(0);
    found.works_with = steps.results.at(0)[0].integer(1);
    co_return found;
}

start_error cannot_use(std::string const& server, start_errc code, std::string const& problem)
{
    return start_error{code, "cannot use the database: " + server + ": " + problem};
}

/// Throws start_error.
task<inspection> connect_and_read(options options)
{
    auto const executor = co_await asio::this_coro::executor;
    connection conn{executor, options.patience};
    servers servers{executor, options};
    auto const connected = co_await servers.connect(conn);
    if (!connected) {
        auto const& error = connected.error();
        auto const code = error.is_configuration ? start_errc::configuration : start_errc::unavailable;
        throw start_error{code, "cannot connect to the database: " + error.text};
    }
    inspection found;
    found.server = servers.last_primary().text();
    auto const deadline = std::chrono::steady_clock::now() + options.patience;
    auto schema = co_await read_schema(conn, deadline);
    if (!schema) throw cannot_use(found.server, schema.error().code, schema.error().text);
    auto condition = co_await read_condition(conn, deadline);
    if (!condition) throw cannot_use(found.server, start_errc::unavailable, condition.error());
    found.schema = std::move(*schema);
    found.condition = std::move(*condition);
    co_return found;
}

}  // namespace

task<porter::result<schema, schema_error>> read_schema(connection& conn, connection::time deadline, program_role wanted)
{
    try {
        auto found = co_await read(conn, deadline, wanted);
        co_return found;
    } catch (column_error const& error) {
        co_return unexpected(schema_error{start_errc::bad_data, error.what()});
    }
}

void reject_newer(schema const& found, std::int64_t wanted)
{
    if (found.works_with <= wanted) return;
    throw bad_data("its schema has version " + std::to_string(found.version) + ", which this program for version " +
                   std::to_string(wanted) + " cannot use: install a newer one");
}

void reject_unusable(schema const& found, std::int64_t wanted)
{
    auto const number = std::to_string(found.version);
    if (found.encoding != "UTF8") {
        throw start_error{start_errc::configuration,
                          "the database has the encoding " + found.encoding + ": create one with ENCODING 'UTF8'"};
    }
    // What an older schema lacks is no missing privilege.
    constexpr auto migrate = "run porterctl db migrate, as a member of the role porter_owner";
    if (found.version > 0 && found.version < wanted) {
        throw bad_data("its schema has version " + number + ", and this program needs " + std::to_string(wanted) +
                       ": " + migrate);
    }
    reject_newer(found, wanted);
    if (found.version > 0 && !found.absent.empty()) {
        throw bad_data("its schema has version " + number + " but no table " + found.absent.front() +
                       ", which no program of Porter removes: restore it from a backup");
    }
    if (!found.missing.empty()) {
        throw start_error{start_errc::configuration, "the role " + found.role + " of the database has no " +
                                                         found.missing.front() + ": use one that is a member of " +
                                                         name_of(found.wanted_role)};
    }
    if (found.version == 0) throw bad_data(std::string{"it has no schema porter: "} + migrate);
}

inspection check(options const& options)
{
    asio::io_context io{1};
    inspection found;
    std::exception_ptr thrown;
    asio::co_spawn(io, connect_and_read(options), [&](std::exception_ptr error, inspection value) {
        thrown = error;
        found = std::move(value);
    });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    reject_unusable(found.schema);
    return found;
}

}  // namespace porter::detail::store::postgres
