#include <string>

#include "porter/testing/recording_log.hpp"
#include "store/administration/conformance/administrator_fixture.hpp"
#include "store/audit_key.hpp"
#include "store/sqlite/administration/file_administration.hpp"
#include "store/sqlite/backend.hpp"
#include "store/support/shell.hpp"
#include "support/temporary_folder.hpp"
#ifdef PORTER_TEST_POSTGRES  // built with libpq
#include "store/administration/conformance/postgres/postgres_store.hpp"
#endif

namespace porter::testing {

namespace {

namespace store = detail::store;
namespace sqlite = detail::store::sqlite;

std::string number(detail::base::timestamp time)
{
    return std::to_string(time.time_since_epoch().count());
}

class file_store final : public administered_store {
public:
    store::ports ports() override { return backend_->ports(); }
    store::administration& administrator() override { return administrator_; }

    void add_failure(std::string const& network, detail::base::timestamp at) override
    {
        sql("INSERT INTO network_failures (network, failed_at) VALUES ('" + network + "', " + number(at) + ")");
    }

    void add_registration(std::string const& network, std::string const& site, detail::base::timestamp at) override
    {
        sql("INSERT INTO registrations (network, site, registered_at) VALUES ('" + network + "', '" + site + "', " +
            number(at) + ")");
    }

    void add_counter(store::account_id account, std::string const& network, int failed,
                     detail::base::timestamp last) override
    {
        sql("INSERT INTO password_ladders (account_id, network, failed, last_ms) VALUES (" + std::to_string(account) +
            ", '" + network + "', " + std::to_string(failed) + ", " + number(last) + "000)");
    }

    store::audit_key audit_key() override { return *store::read_audit_key(options().audit_key_file); }
    void unlock_audit() override { sql("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted"); }
    void stop_audit_of_bans() override { sql("DROP TRIGGER audit_ban_added"); }

    std::string sql(std::string const& text) override { return shell{options().path}.run(text); }

private:
    sqlite::options options() const
    {
        sqlite::options options;
        options.path = folder_.path() / "porter.db";
        options.audit_key_file = folder_.path() / "audit.key";
        return options;
    }

    sqlite::options administrator_options() const
    {
        auto changed = options();
        changed.actor = "porterctl tester";
        return changed;
    }

    temporary_folder folder_;
    recording_log log_;
    std::unique_ptr<sqlite::backend> backend_ = sqlite::open(options(), log_);
    sqlite::administration::file_administration administrator_{administrator_options(),
                                                               sqlite::database::access::read_write};
};

template <typename Store>
std::unique_ptr<administered_store> open()
{
    return std::make_unique<Store>();
}

}  // namespace

std::vector<administered_kind> administered_stores()
{
    std::vector<administered_kind> all{{"file", open<file_store>}};
#ifdef PORTER_TEST_POSTGRES
    if (auto postgres = postgres_store()) all.push_back(std::move(*postgres));
#endif
    return all;
}

}  // namespace porter::testing
