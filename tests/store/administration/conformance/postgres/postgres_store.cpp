#include "store/administration/conformance/postgres/postgres_store.hpp"

#include <chrono>
#include <string>

#include "porter/testing/recording_log.hpp"
#include "store/audit_key.hpp"
#include "store/postgres/administration/database_administration.hpp"
#include "store/postgres/backend.hpp"
#include "store/postgres/cluster.hpp"

namespace porter::testing {

namespace {

namespace store = detail::store;
namespace postgres = detail::store::postgres;

std::string number(detail::base::timestamp time)
{
    return std::to_string(time.time_since_epoch().count());
}

class database_store final : public administered_store {
public:
    store::ports ports() override { return backend_->ports(); }
    store::administration& administrator() override { return administrator_; }

    void add_failure(std::string const& network, detail::base::timestamp at) override
    {
        sql("INSERT INTO attempts (id, network, at_ms, is_pending) VALUES (" + std::to_string(++last_id_) + ", '" +
            network + "', " + number(at) + "000, false)");
    }

    void add_registration(std::string const& network, std::string const& site, detail::base::timestamp at) override
    {
        sql("INSERT INTO registrations (attempt_id, network, site, registered_at) VALUES (" +
            std::to_string(++last_id_) + ", '" + network + "', '" + site + "', " + number(at) + ")");
    }

    void add_counter(store::account_id account, std::string const& network, int failed,
                     detail::base::timestamp last) override
    {
        sql("INSERT INTO failure_counters (account_id, network, failed, last_ms) VALUES (" + std::to_string(account) +
            ", '" + network + "', " + std::to_string(failed) + ", " + number(last) + "000)");
    }

    store::audit_key audit_key() override { return store::derive_audit_key("secret of the servers"); }
    void unlock_audit() override {}  // the session is of a superuser
    void stop_audit_of_bans() override { sql("DROP TRIGGER audit_ban_changed ON bans"); }

    std::string sql(std::string const& text) override { return psql_.run(text); }

private:
    postgres::options options() const
    {
        auto options = database_.options();
        options.connections = 4;
        options.lookup_connections = 1;
        options.audit_key = store::derive_audit_key("secret of the servers");
        options.watch_patience = std::chrono::seconds{20};  // a new connection would report earlier ends
        return options;
    }

    postgres_fixture database_;
    recording_log log_;
    sql_session psql_ = database_.administrator();
    std::unique_ptr<postgres::backend> backend_ = postgres::open(options(), log_);
    postgres::administration::database_administration administrator_{database_.options("porterctl")};
    std::int64_t last_id_ = 1'000'000;
};

std::unique_ptr<administered_store> open()
{
    return std::make_unique<database_store>();
}

}  // namespace

std::optional<administered_kind> postgres_store()
{
    if (cluster::instance().is_installed()) return administered_kind{"postgres", open};
    WARN("skipped on PostgreSQL, which is not installed (apt-get install postgresql)");
    return std::nullopt;
}

}  // namespace porter::testing
