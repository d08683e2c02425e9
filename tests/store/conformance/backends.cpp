#include <string>
#include <utility>

#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "store/conformance/store_fixture.hpp"
#include "store/sqlite/backend.hpp"
#include "store/support/add_account.hpp"
#include "store/support/shell.hpp"
#include "support/temporary_folder.hpp"
#ifdef PORTER_TEST_POSTGRES  // built with libpq
#include "store/conformance/postgres/postgres_backend.hpp"
#endif

namespace porter::testing {

namespace {

namespace store = detail::store;

class memory_subject final : public subject {
public:
    store::ports ports() override { return backend_.ports(); }
    store::result<store::account> add(store::account fresh) override { return backend_.add(std::move(fresh)); }
    void disable(store::account_id id, detail::base::timestamp since) override { backend_.disable(id, since); }
    void remove(store::account_id id) override { backend_.remove(id); }
    void add(store::invitation const& fresh) override { backend_.add(fresh); }
    void add(store::password_reset const& fresh) override { backend_.add(fresh); }
    void set_bans(std::vector<store::ban> const& bans) override { backend_.set_bans(bans); }

private:
    testing::memory_store backend_;
};

class sqlite_subject final : public subject {
public:
    sqlite_subject() { backend_ = store::sqlite::open(options(), log_); }

    store::ports ports() override { return backend_->ports(); }

    store::result<store::account> add(store::account fresh) override { return add_account(options().path, fresh); }

    void disable(store::account_id id, detail::base::timestamp since) override
    {
        shell{options().path}.run(
            "UPDATE accounts SET disabled_at = " + std::to_string(since.time_since_epoch().count()) +
            " WHERE id = " + std::to_string(id));
    }

    void remove(store::account_id id) override
    {
        shell{options().path}.run("DELETE FROM accounts WHERE id = " + std::to_string(id));
    }

    void add(store::invitation const& fresh) override
    {
        shell{options().path}.run(sql_to_add(fresh, "x'" + hex(fresh.code) + "'"));
    }

    void add(store::password_reset const& fresh) override
    {
        shell{options().path}.run(sql_to_add(fresh, "x'" + hex(fresh.code) + "'"));
    }

    void set_bans(std::vector<store::ban> const& bans) override
    {
        shell{options().path}.run(sql_to_set(bans, "1", "0"));
    }

private:
    store::sqlite::options options() const
    {
        store::sqlite::options options;
        options.path = folder_.path() / "porter.db";
        return options;
    }

    temporary_folder folder_;
    recording_log log_;
    std::unique_ptr<store::sqlite::backend> backend_;
};

template <typename Subject>
std::unique_ptr<subject> open()
{
    return std::make_unique<Subject>();
}

}  // namespace

std::vector<backend_kind> backends()
{
    std::vector<backend_kind> all{{"memory", open<memory_subject>}, {"sqlite", open<sqlite_subject>}};
#ifdef PORTER_TEST_POSTGRES
    if (auto postgres = postgres_backend()) all.push_back(std::move(*postgres));
#endif
    return all;
}

}  // namespace porter::testing
