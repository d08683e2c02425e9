#include "store/postgres/administration/cluster_status.hpp"

#include <utility>

namespace porter::detail::store::postgres::administration {

namespace {

constexpr char const* read_clock = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

constexpr char const* read_server =
    "SELECT current_setting('server_version'), current_user::text,"
    " current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') <> 'local'";

constexpr char const* list_standbys =
    "SELECT application_name, state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint"
    " FROM pg_catalog.pg_stat_replication ORDER BY application_name, pid";

// A node writes its row twice a second.
constexpr char const* list_nodes =
    "SELECT name, version, schema_version, started_at, seen_at_ms / 1000,"
    " floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - seen_at_ms FROM nodes ORDER BY name, started_at";
constexpr std::chrono::seconds up_within{3};

/// A text that the role may not see is NULL.
std::optional<std::string> optional_text(row const& from, int column)
{
    if (from.is_null(column)) return std::nullopt;
    return from.text(column);
}

std::chrono::milliseconds read_offset(blocking_connection& db)
{
    base::system_clock const here;
    segment work{segment::effect::reads};
    work.add(read_clock);
    auto const sent = here.now_precise();
    auto const found = db.look_up(std::move(work));
    auto const received = here.now_precise();
    auto const there = read_results(db, [&] { return found.at(0)[0].instant(0); });
    return there - (sent + (received - sent) / 2);
}

std::vector<node_row> read_nodes(blocking_connection& db)
{
    segment work{segment::effect::reads};
    work.add(list_nodes);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        std::vector<node_row> all;
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::chrono::milliseconds const since{rows[i].integer(5)};
            all.push_back({rows[i].text(0), rows[i].text(1), rows[i].integer(2), rows[i].time(3), rows[i].time(4),
                           since, since < up_within});
        }
        return all;
    });
}

}  // namespace

cluster_status cluster_status_of(blocking_connection& db)
{
    cluster_status status;
    for (auto const& each : db.address().hosts()) status.hosts.push_back(each.text());
    status.primary = db.primary().text();
    segment work{segment::effect::reads};
    work.add(read_server).add(list_standbys);
    auto const found = db.look_up(std::move(work));
    read_results(db, [&] {
        auto const server = found.at(0)[0];
        status.server_version = server.text(0);
        status.role = server.text(1);
        status.waits_for_standby = server.boolean(2);
        auto const& rows = found.at(1);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            status.standbys.push_back({optional_text(rows[i], 0), optional_text(rows[i], 1), optional_text(rows[i], 2),
                                       rows[i].optional_integer(3)});
        }
    });
    status.clock_offset = read_offset(db);
    auto const schema = db.read_schema(program_role::administrator);
    if (schema.version > 0 && schema.absent.empty() && schema.missing.empty()) status.nodes = read_nodes(db);
    return status;
}

}  // namespace porter::detail::store::postgres::administration
