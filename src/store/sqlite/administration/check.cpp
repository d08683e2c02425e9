#include "store/sqlite/administration/check.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/network.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "store/sqlite/migration.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

using lines = std::vector<std::string>;

void find_damaged_pages(database& db, lines& faults)
{
    constexpr int max_lines = 100;  // a badly damaged file would give thousands
    statement row{db, "PRAGMA integrity_check(" + std::to_string(max_lines) + ")"};
    while (row.step()) {
        auto line = row.text(0);
        std::ranges::replace(line, '\n', ' ');
        if (line != "ok") faults.push_back(line);
    }
}

/// SQLite has no checksums: a changed byte may make a text invalid UTF-8.
void find_damaged_texts(database& db, lines& faults)
{
    constexpr std::array texts{
        "SELECT 'account', id, name FROM accounts",
        "SELECT 'account', id, folded_name FROM accounts",
        "SELECT 'account', id, password_hash FROM accounts",
        "SELECT 'account', id, last_address FROM accounts",
        "SELECT 'session', id, address FROM sessions",
        "SELECT 'session', id, before_address FROM sessions WHERE before_address <> ''",
        "SELECT 'address', address, name FROM addresses",
        "SELECT 'ban', network, reason FROM bans",
        "SELECT 'audit row', id, account FROM audit",
        "SELECT 'audit row', id, object FROM audit",
        "SELECT 'audit row', id, before FROM audit",
        "SELECT 'audit row', id, after FROM audit",
        "SELECT 'invitation', id, name FROM invitations",
        "SELECT 'ending', id, account_name FROM ended_sessions",
        "SELECT 'ending', id, cause FROM ended_sessions",
    };
    for (auto const* each : texts) {
        statement row{db, each};
        while (row.step()) {
            if (base::valid_utf8(row.bytes(2))) continue;
            faults.push_back(row.text(0) + ' ' + base::escape(row.bytes(1)) +
                             " has a text that is damaged: " + base::escape(row.bytes(2)));
        }
    }
}

/// They were written by hand, and porterd skips them.
void find_unreadable_bans(database& db, lines& faults)
{
    statement row{db, "SELECT network FROM bans"};
    while (row.step()) {
        if (base::network::parse_enclosing(row.bytes(0))) continue;
        faults.push_back("the ban of " + base::escape(row.bytes(0)) + " is in no force: it is no network");
    }
}

void find_loose_ends(database& db, lines& faults)
{
    statement row{db, "SELECT \"table\", \"parent\", count(*) FROM pragma_foreign_key_check GROUP BY 1, 2"};
    while (row.step()) {
        faults.push_back(std::to_string(row.integer(2)) + " rows of " + row.text(0) + " belong to rows that " +
                         row.text(1) + " does not have");
    }
}

/// The objects of a schema and the SQL that made them.
std::map<std::string, std::string> schema_of(database& db)
{
    std::map<std::string, std::string> objects;
    statement row{db, "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite#_%' ESCAPE '#'"};
    while (row.step()) objects.emplace(row.text(0), row.text(1));
    return objects;
}

/// Compares the schema with that of the migrations. Additional objects are no fault.
void find_other_schema(database& db, lines& faults)
{
    database expected{":memory:", database::access::read_write};
    for (auto const& step : migrations()) expected.execute(std::string{step.sql});
    auto const found = schema_of(db);
    for (auto const& [name, sql] : schema_of(expected)) {
        auto const same = found.find(name);
        if (same == found.end()) {
            faults.push_back("the " + name + " is missing");
        } else if (same->second != sql) {
            faults.push_back("the " + name + " is not as Porter made it");
        }
    }
}

void find_wrong_version(database& db, lines& faults)
{
    auto const said = db.integer("PRAGMA user_version");
    auto const applied = db.integer("SELECT max(version) FROM schema_migrations");
    if (said == applied) return;
    faults.push_back("the file says that its version is " + std::to_string(said) + ", and schema_migrations says " +
                     std::to_string(applied));
}

void find_wrong_accounts(database& db, lines& faults)
{
    statement row{db, "SELECT id, name, folded_name FROM accounts ORDER BY id"};
    while (row.step()) {
        auto const account = "account " + std::to_string(row.integer(0)) + " (" + row.text(1) + ")";
        auto const name = base::normalise_name(row.text(1));
        if (!name) {
            faults.push_back(account + " has no possible name: " + name.error());
        } else if (*name != row.text(1) || base::fold_name(*name) != row.text(2)) {
            faults.push_back(account + " has a wrong key, so no login finds it: porterctl accounts rename mends it");
        }
    }
}

/// Triggers keep the counts. A missing cost would disclose which accounts have it; a surplus one makes each check
/// slower.
void find_wrong_costs(database& db, lines& faults)
{
    statement row{db,
                  "SELECT memory_kib, passes, sum(counted), sum(stored)"
                  " FROM (SELECT memory_kib, passes, 0 AS counted, 1 AS stored FROM account_costs"
                  "       UNION ALL SELECT memory_kib, passes, accounts, 0 FROM password_costs)"
                  " GROUP BY 1, 2 HAVING sum(counted) <> sum(stored)"};
    while (row.step()) {
        faults.push_back("password_costs counts " + std::to_string(row.integer(2)) +
                         " hashes of m=" + std::to_string(row.integer(0)) + ",t=" + std::to_string(row.integer(1)) +
                         ", and there are " + std::to_string(row.integer(3)));
    }
}

void find_wrong_sessions(database& db, lines& faults)
{
    statement row{db,
                  "SELECT sessions.id, name FROM sessions JOIN accounts ON accounts.id = account_id"
                  " WHERE disabled_at IS NOT NULL ORDER BY sessions.id"};
    while (row.step()) {
        faults.push_back("session " + std::to_string(row.integer(0)) + " belongs to the disabled account " +
                         row.text(1));
    }
}

}  // namespace

std::vector<std::string> find_damage(database& db)
{
    lines faults;
    find_damaged_pages(db, faults);
    if (faults.empty()) find_damaged_texts(db, faults);
    return faults;
}

std::vector<std::string> find_faults(database& db)
{
    lines faults;
    find_other_schema(db, faults);
    find_wrong_version(db, faults);
    find_loose_ends(db, faults);
    find_unreadable_bans(db, faults);
    find_wrong_accounts(db, faults);
    find_wrong_costs(db, faults);
    find_wrong_sessions(db, faults);
    return faults;
}

}  // namespace porter::detail::store::sqlite::administration
