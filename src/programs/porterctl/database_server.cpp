#include "programs/porterctl/database_server.hpp"

#include "config/option_error.hpp"

#ifdef PORTER_HAS_POSTGRES  // built with libpq

#include <chrono>
#include <optional>
#include <utility>

#include "porter/start_error.hpp"
#include "store/postgres/administration/database_administration.hpp"
#include "store/postgres/administration/import.hpp"

namespace porter::programs {

namespace {

namespace postgres = detail::store::postgres;
namespace administration = detail::store::postgres::administration;

postgres::options postgres_options(std::string const& url)
{
    postgres::options options{.address = postgres::address::parse(url)};
    options.host_timeout = std::chrono::seconds{3};  // a person waits longer than a server that looks for its primary
    return options;
}

/// What the role may not see.
value maybe_seen(std::optional<std::string> const& text)
{
    return text ? *text : "unknown";
}

record record_of(administration::standby_row const& row)
{
    return {{{"name", maybe_seen(row.name)},
             {"state", maybe_seen(row.state)},
             {"sync_state", maybe_seen(row.sync_state)},
             {"lag_bytes", row.lag_bytes ? value{*row.lag_bytes} : value{}}}};
}

record record_of(administration::node_row const& row)
{
    return {{{"name", row.name},
             {"state", row.is_up ? "up" : "down"},
             {"version", row.version},
             {"schema_version", row.schema_version},
             {"started_at", row.started_at},
             {"seen_at", row.seen_at},
             {"seen_ms_ago", std::int64_t{row.since_seen.count()}}}};
}

template <typename Row>
std::vector<record> records_of(std::vector<Row> const& rows)
{
    std::vector<record> all;
    for (auto const& one : rows) all.push_back(record_of(one));
    return all;
}

/// Runs an operation on the target of an import. A target that is not empty is not to be mistaken for a file that the
/// owner of the database cannot create.
template <typename Operation>
auto on_target(Operation const& operation)
{
    try {
        return operation();
    } catch (start_error const& error) {
        if (error.code() != start_errc::cannot_create) throw;
        throw detail::config::option_error{detail::config::exit_code::cannot_create, error.what()};
    }
}

class server_target final : public import_target {
public:
    explicit server_target(std::string const& url) : db_(postgres_options(url))
    {
        on_target([this] { administration::reject_unfit_target(db_); });
    }

    std::string display_name() const override { return db_.display_name(); }

    detail::store::content_counts import(detail::store::content& from) override
    {
        return on_target([&] { return administration::import_content(db_, from); });
    }

private:
    administration::blocking_connection db_;
};

}  // namespace

std::unique_ptr<detail::store::administration> open_server(std::string const& url,
                                                           detail::store::accepted_schema schema)
{
    return std::make_unique<administration::database_administration>(postgres_options(url), schema);
}

std::vector<field> server_fields(std::string const& url)
{
    administration::database_administration db{postgres_options(url), detail::store::accepted_schema::older};
    auto const cluster = db.read_cluster();
    return {{"database", db.display_name()},
            {"servers", cluster.hosts},
            {"primary", cluster.primary},
            {"server_version", cluster.server_version},
            {"role", cluster.role},
            {"synchronous_standby", cluster.waits_for_standby},
            {"standbys", records_of(cluster.standbys)},
            {"nodes", records_of(cluster.nodes)},
            {"clock_offset_ms", std::int64_t{cluster.clock_offset.count()}}};
}

std::unique_ptr<import_target> prepare_import(std::string const& url)
{
    return std::make_unique<server_target>(url);
}

}  // namespace porter::programs

#else

namespace porter::programs {

namespace {

[[noreturn]] void reject()
{
    throw detail::config::option_error{
        detail::config::exit_code::bad_configuration,
        "this porterctl was built without PostgreSQL (PORTER_POSTGRES): --database must be a file"};
}

}  // namespace

std::unique_ptr<detail::store::administration> open_server(std::string const& /*url*/,
                                                           detail::store::accepted_schema /*schema*/)
{
    reject();
}

std::vector<field> server_fields(std::string const& /*url*/)
{
    reject();
}

std::unique_ptr<import_target> prepare_import(std::string const& /*url*/)
{
    reject();
}

}  // namespace porter::programs

#endif
