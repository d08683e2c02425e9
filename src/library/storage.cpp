#include "library/storage.hpp"

#include <utility>

#include "base/url.hpp"
#include "library/options.hpp"
#include "library/tls_key.hpp"
#include "store/sqlite/backend.hpp"
#ifdef PORTER_HAS_POSTGRES
#include "store/postgres/backend.hpp"
#include "store/postgres/schema.hpp"
#endif

namespace porter::detail::library {

namespace {

#ifdef PORTER_HAS_POSTGRES

namespace postgres = store::postgres;

postgres::options postgres_options(server_options const& options)
{
    return {.address = postgres::address::parse(options.database)};
}

postgres::options server_options_of(server_options const& options)
{
    auto converted = postgres_options(options);
    converted.audit_key = audit_key_of(options);
    converted.audit_keep = options.audit_keep;
    return converted;
}

storage open_shared(server_options const& options, log::logger& log)
{
    std::shared_ptr<postgres::backend> opened = postgres::open(server_options_of(options), log);
    auto const ports = opened->ports();
    auto warnings = opened->warnings();
    auto const* const statistics = &opened->statistics();
    return {opened, ports, [opened] { opened->stop_repeating(); }, std::move(warnings), statistics, true};
}

storage_report check_shared(server_options const& options)
{
    auto const found = postgres::check(postgres_options(options));
    storage_report report{postgres::warnings_of(found.condition), postgres::lines_of(found.condition)};
    auto const& schema = found.schema;
    report.lines.insert(report.lines.begin(),
                        found.server + ", role " + schema.role + ", schema version " + std::to_string(schema.version));
    return report;
}

#else

start_error no_postgres()
{
    return start_error{start_errc::configuration,
                       "database: this program was built without PostgreSQL (PORTER_POSTGRES): name a file"};
}

storage open_shared(server_options const&, log::logger&)
{
    throw no_postgres();
}

storage_report check_shared(server_options const&)
{
    throw no_postgres();
}

#endif

}  // namespace

storage open_storage(server_options const& options, log::logger& log)
{
    if (base::is_url(options.database)) return open_shared(options, log);
    std::shared_ptr<store::sqlite::backend> opened = store::sqlite::open(store_options(options), log);
    auto const ports = opened->ports();
    auto const* const statistics = &opened->statistics();
    return {std::move(opened), ports, {}, {}, statistics, false};
}

storage_report check_storage(server_options const& options)
{
    if (base::is_url(options.database)) return check_shared(options);
    store::sqlite::check(store_options(options), options.data_dir);
    return {};
}

}  // namespace porter::detail::library
