#include "store/postgres/administration/owner.hpp"

#include <string>
#include <utility>

#include "porter/start_error.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

constexpr char const* state =
    "SELECT current_user::text,"
    " EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'porter'),"
    " (SELECT pg_has_role(oid, 'MEMBER') FROM pg_catalog.pg_roles WHERE rolname = 'porter_owner'),"
    " current_setting('server_encoding')";

constexpr char const* has_migrations =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'porter' AND c.relname = 'schema_migrations')";

constexpr char const* versions =
    "SELECT coalesce(max(version), 0), coalesce(max(works_with), 0) FROM schema_migrations";

start_error wrong(std::string const& problem)
{
    return start_error{start_errc::configuration, problem};
}

}  // namespace

void reject_other_role(blocking_connection& db)
{
    segment work{segment::effect::reads};
    work.add(state);
    auto const found = db.look_up(std::move(work));
    read_results(db, [&] {
        auto const row = found.at(0)[0];
        if (row.text(3) != "UTF8") {
            throw wrong("the database has the encoding " + row.text(3) + ": create one with ENCODING 'UTF8'");
        }
        if (!row.boolean(1) || row.is_null(2)) {
            throw wrong(
                db.display_name() + " has no schema porter or no role porter_owner: a superuser makes both by " +
                "psql --single-transaction --file=roles.sql (in /usr/share/porter, or tools/postgres of the source)");
        }
        if (!row.boolean(2)) {
            throw wrong("the role " + row.text(0) +
                        " is no member of porter_owner: the URL must name a role that is one " +
                        "(CREATE ROLE NAME LOGIN IN ROLE porter_owner)");
        }
    });
}

segment become_owner()
{
    segment work{segment::effect::writes};
    work.add("SET LOCAL ROLE porter_owner").add("SELECT set_config('search_path', 'porter, pg_temp', true)");
    return work;
}

schema read_versions(blocking_connection& db, transaction& within)
{
    schema seen;
    segment first{segment::effect::reads};
    first.add(has_migrations);
    auto const tables = within.run(std::move(first));
    if (!read_results(db, [&] { return tables.at(0)[0].boolean(0); })) return seen;
    segment second{segment::effect::reads};
    second.add(versions);
    auto const steps = within.run(std::move(second));
    read_results(db, [&] {
        seen.version = steps.at(0)[0].integer(0);
        seen.works_with = steps.at(0)[0].integer(1);
    });
    reject_newer(seen);
    return seen;
}

}  // namespace porter::detail::store::postgres::administration
