#include <fmt/format.h>

#include <utility>
#include <vector>

#include "auth/stored_hash.hpp"
#include "base/hash_cost.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "identity/address.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/file_commands.hpp"
#include "programs/porterctl/open_database.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

exit_code status(context& ctx)
{
    auto fields = location_fields(ctx);
    auto const status = open_to_read(ctx, store::accepted_schema::older)->status();
    std::vector<record> migrations;
    for (auto const& one : status.migrations) {
        migrations.push_back(
            {{{"version", std::int64_t{one.version}}, {"name", one.name}, {"applied_at", one.applied_at}}});
    }
    fields.insert(fields.end(), {{"version", std::int64_t{status.version}},
                                 {"newest_version", std::int64_t{status.newest}},
                                 {"migrations", migrations},
                                 {"accounts", count_of(status.accounts)},
                                 {"disabled_accounts", count_of(status.disabled_accounts)},
                                 {"sessions", count_of(status.sessions)},
                                 {"addresses", count_of(status.addresses)}});
    ctx.out.show({std::move(fields)});
    return exit_code::ok;
}

exit_code migrate(context& ctx)
{
    auto const applied = open_to_migrate(ctx)->migrate();
    std::vector<record> steps;
    for (auto const& one : applied) steps.push_back({{{"version", std::int64_t{one.version}}, {"name", one.name}}});
    ctx.out.done(
        applied.empty() ? "The database has the newest version." : quantity(applied.size(), "migration") + " applied.",
        {{{"migrations", steps}}});
    return exit_code::ok;
}

/// Finds addresses that are not canonical, which SQL cannot.
void find_wrong_addresses(store::administration& db, std::vector<std::string>& faults)
{
    for (auto const& row : db.list_addresses()) {
        auto const parsed = detail::identity::address::parse(row.address);
        if (parsed && parsed->text() == row.address) continue;
        faults.push_back("the address " + row.address + " is not in its canonical form, so no client is greeted by it");
    }
}

/// Finds hashes that porterd cannot read or does not compute, which SQL cannot.
void find_wrong_hashes(store::administration& db, std::vector<std::string>& faults)
{
    db.for_each_password_hash([&](auto id, std::string const& name, std::string const& hash) {
        if (detail::auth::stored_hash::is_readable(hash)) return;
        auto const account = fmt::format("account {} ({})", id, name);
        constexpr auto remedy = "so no password opens it: porterctl accounts set-password stores another";
        auto const cost = base::hash_cost_of(hash);
        if (cost && !base::is_computable(*cost)) {
            faults.push_back(fmt::format("{} has a hash whose cost is out of bounds ({} KiB, {}), {}", account,
                                         cost->memory_kib, quantity(cost->passes, "pass"), remedy));
        } else {
            faults.push_back(fmt::format("{} has a hash that cannot be read, {}", account, remedy));
        }
    });
}

exit_code check(context& ctx)
{
    auto const db = open_to_read(ctx);
    auto faults = db->find_damage();
    if (faults.empty()) {
        faults = db->find_faults();
        find_wrong_addresses(*db, faults);
        find_wrong_hashes(*db, faults);
    }
    if (is_database_url(ctx.database())) {
        ctx.out.note(
            "pages and indexes are checked by PostgreSQL itself (data checksums, pg_amcheck), not by porterctl");
    }
    if (faults.empty()) {
        ctx.out.show({{{"state", "ok"}, {"faults", std::vector<std::string>{}}}});
        return exit_code::ok;
    }
    ctx.out.show({{{"state", "damaged"}, {"faults", faults}}});
    throw config::option_error{exit_code::bad_data, fmt::format("{} has {}", base::escape(db->display_name()),
                                                                quantity(faults.size(), "fault"))};
}

constexpr command table[] = {
    {"db", "status", "", 0, 0, "", "the database, its version and size, and what uses it",
     "Of a file: its size and the process that has it open. Of a PostgreSQL database: its servers, standbys and\n"
     "porterds.\n",
     "  porterctl db status\n"
     "  porterctl db status --json --database porter-backup.db\n"
     "  porterctl db status --database postgresql://porterctl@db1,db2/porter\n",
     status},
    {"db", "migrate", "", 0, 0, "", "migrate the database to the version of this program",
     "A file: all or nothing, after a copy beside it; porterd does the same at start. A PostgreSQL database: each\n"
     "step by itself, as a role that is a member of porter_owner; porterd never does.\n",
     "  porterctl db migrate\n"
     "  porterctl db migrate --database postgresql://migrator@db1,db2/porter\n",
     migrate},
    {"db", "check", "", 0, 0, "", "check every page, row, name and trigger",
     "Exit code 65 if there is a fault. PostgreSQL checks pages itself: of its database the rows, the names and\n"
     "the schema are checked.\n",
     "  porterctl db check\n"
     "  porterctl db check --database porter-backup.db\n",
     check},
    {"db", "backup", "FILE", 1, 1, "", "copy the database into a new file, also while porterd runs",
     "FILE gets mode 0600, because it contains password hashes. An existing file is never replaced.\n",
     "  porterctl db backup porter-backup.db\n"
     "  porterctl db backup \"/var/backups/porter-$(date +%F).db\"\n",
     back_up_file},
    {"db", "restore", "FILE", 1, 1, "yes", "replace the database with a backup",
     "porterd must be stopped. Sessions that have ended since the backup stay ended. The old database is kept\n"
     "beside the new one. Asks for confirmation on a terminal; requires --yes without one.\n",
     "  porterctl db restore porter-backup.db\n"
     "  porterctl db restore --yes /var/backups/porter-2026-11-28.db\n",
     restore_file},
    {"db", "move", "", 0, 0, "to yes", "copy everything in a file into an empty PostgreSQL database",
     "porterd must be stopped. Accounts, sessions, addresses and counters keep their ids; clients keep their\n"
     "sessions. The rows of audit stay in the file, which is unchanged. The role of the URL is a member of\n"
     "porter_owner, and db migrate has made the schema. Asks for confirmation on a terminal; requires --yes\n"
     "without one.\n",
     "  porterctl db move --to postgresql://migrator@db1,db2/porter\n", move_file},
};

}  // namespace

std::span<command const> db_commands()
{
    return table;
}

}  // namespace porter::programs
