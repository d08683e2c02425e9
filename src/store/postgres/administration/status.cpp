#include "store/postgres/administration/status.hpp"

#include <utility>

#include "store/postgres/administration/migrator.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

constexpr char const* counts =
    "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM accounts WHERE disabled_at IS NOT NULL),"
    " (SELECT count(*) FROM sessions), (SELECT count(*) FROM addresses)";

}  // namespace

store_status status_of(blocking_connection& db)
{
    store_status status;
    status.newest = static_cast<int>(schema_version);
    auto const schema = db.read_schema(program_role::administrator);
    if (!schema.missing.empty()) reject_unusable(schema);
    status.version = static_cast<int>(schema.version);
    if (status.version == 0) return status;

    status.migrations = list_migrations(db);
    segment work{segment::effect::reads};
    work.add(counts);
    auto const found = db.look_up(std::move(work));
    read_results(db, [&] {
        auto const row = found.at(0)[0];
        auto const number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
        status.accounts = number(0);
        status.disabled_accounts = number(1);
        status.sessions = number(2);
        status.addresses = number(3);
    });
    return status;
}

}  // namespace porter::detail::store::postgres::administration
