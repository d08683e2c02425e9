#include "store/conformance/postgres/postgres_backend.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/backend.hpp"
#include "store/postgres/cluster.hpp"

namespace porter::testing {

namespace {

namespace store = detail::store;

std::string sql_text(std::string const& text)
{
    std::string made{"'"};
    for (auto const each : text) made += each == '\'' ? "''" : std::string(1, each);
    return made + '\'';
}

std::string number(detail::base::timestamp time)
{
    return std::to_string(time.time_since_epoch().count());
}

class postgres_subject final : public subject {
public:
    store::ports ports() override { return backend_->ports(); }

    store::result<store::account> add(store::account fresh) override
    {
        auto const since = fresh.disabled_at ? number(*fresh.disabled_at) : "NULL";
        auto const id =
            psql_.run("INSERT INTO accounts (name, folded_name, password_hash, created_at, disabled_at) VALUES (" +
                      sql_text(fresh.name) + ", " + sql_text(fresh.folded_name) + ", " + sql_text(fresh.password_hash) +
                      ", " + number(fresh.created_at) + ", " + since + ") ON CONFLICT DO NOTHING RETURNING id");
        if (id.empty()) return unexpected(store::errc::name_taken);
        fresh.id = std::stoll(id);
        fresh.credential_version = 1;
        fresh.failed_since = 0;
        return fresh;
    }

    void disable(store::account_id id, detail::base::timestamp since) override
    {
        psql_.run("UPDATE accounts SET disabled_at = " + number(since) + " WHERE id = " + std::to_string(id));
    }

    void add(store::invitation const& fresh) override { psql_.run(sql_to_add(fresh, "'\\x" + hex(fresh.code) + "'")); }

    void add(store::password_reset const& fresh) override
    {
        psql_.run(sql_to_add(fresh, "'\\x" + hex(fresh.code) + "'"));
    }

    void set_bans(std::vector<store::ban> const& bans) override { psql_.run(sql_to_set(bans, "true", "false")); }

    void remove(store::account_id id) override { psql_.run("DELETE FROM accounts WHERE id = " + std::to_string(id)); }

private:
    store::postgres::options options() const
    {
        auto options = database_.options();
        options.connections = 4;
        options.lookup_connections = 1;
        options.watch_patience = std::chrono::seconds{20};  // a new connection would report earlier ends
        return options;
    }

    postgres_fixture database_;
    recording_log log_;
    sql_session psql_ = database_.administrator();
    std::unique_ptr<store::postgres::backend> backend_ = store::postgres::open(options(), log_);
};

std::unique_ptr<subject> open()
{
    return std::make_unique<postgres_subject>();
}

}  // namespace

std::optional<backend_kind> postgres_backend()
{
    if (cluster::instance().is_installed()) return backend_kind{"postgres", open};
    WARN("skipped on PostgreSQL, which is not installed (apt-get install postgresql)");
    return std::nullopt;
}

}  // namespace porter::testing
