#include "store/postgres/administration/check.hpp"

#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "store/postgres/administration/migration.hpp"
#include "store/records.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

using lines = std::vector<std::string>;

constexpr char const* damaged_pages =
    "SELECT coalesce(checksum_failures, 0) FROM pg_catalog.pg_stat_database WHERE datname = current_database()";

/// The objects of the schema under the words with which they are made.
constexpr char const* list_objects = R"(
SELECT CASE relkind WHEN 'v' THEN 'view ' WHEN 'i' THEN 'index ' ELSE 'table ' END || relname::text
FROM pg_catalog.pg_class WHERE relnamespace = 'porter'::regnamespace AND relkind IN ('r', 'p', 'v', 'i')
UNION ALL
SELECT 'function ' || proname::text FROM pg_catalog.pg_proc WHERE pronamespace = 'porter'::regnamespace
UNION ALL
SELECT 'trigger ' || tgname::text FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_class AS c ON c.oid = tgrelid
WHERE NOT tgisinternal AND tgenabled <> 'D' AND relnamespace = 'porter'::regnamespace)";

constexpr char const* disabled_triggers = R"(
SELECT tgname::text FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_class AS c ON c.oid = tgrelid
WHERE NOT tgisinternal AND tgenabled = 'D' AND relnamespace = 'porter'::regnamespace ORDER BY tgname)";

/// Keys are not checked while session_replication_role is replica, as in a restore of data alone.
constexpr char const* loose_rows = R"(
SELECT number, name FROM (
    SELECT count(*) AS number, 'sessions' AS name FROM sessions
    WHERE NOT EXISTS (SELECT FROM accounts WHERE accounts.id = account_id)
    UNION ALL
    SELECT count(*), 'addresses' FROM addresses
    WHERE account_id IS NOT NULL AND NOT EXISTS (SELECT FROM accounts WHERE accounts.id = account_id)
    UNION ALL
    SELECT count(*), 'account_networks' FROM account_networks
    WHERE NOT EXISTS (SELECT FROM accounts WHERE accounts.id = account_id)
    UNION ALL
    SELECT count(*), 'password_resets' FROM password_resets
    WHERE NOT EXISTS (SELECT FROM accounts WHERE accounts.id = account_id)
    UNION ALL
    SELECT count(*), 'failure_counters' FROM failure_counters
    WHERE NOT EXISTS (SELECT FROM accounts WHERE accounts.id = account_id)) AS found
WHERE number > 0)";

/// An id that is given again would be that of another account or session in logs and in the journal.
constexpr char const* reused_ids = R"(
SELECT name FROM (
    SELECT 'accounts' AS name, (SELECT max(id) FROM accounts) AS used, last_value FROM accounts_id_seq
    UNION ALL
    SELECT 'sessions', greatest((SELECT max(id) FROM sessions), (SELECT max(session_id) FROM ended_sessions)),
           last_value
    FROM sessions_id_seq) AS found
WHERE used > last_value)";

constexpr char const* list_names = "SELECT id, name, folded_name FROM accounts WHERE id > $1 ORDER BY id LIMIT $2";
constexpr std::int64_t names_at_once = 2'000;

constexpr char const* wrong_sessions =
    "SELECT sessions.id, name FROM sessions JOIN accounts ON accounts.id = account_id"
    " WHERE disabled_at IS NOT NULL ORDER BY sessions.id";

results look_up(blocking_connection& db, char const* sql)
{
    segment work{segment::effect::reads};
    work.add(sql);
    return db.look_up(std::move(work));
}

/// The objects that the migrations make: each CREATE is at the beginning of a line.
std::set<std::string> objects_of_migrations()
{
    std::set<std::string> made;
    for (auto const& step : migrations()) {
        std::istringstream text{std::string{step.sql}};
        for (std::string line; std::getline(text, line);) {
            std::istringstream words{line};
            std::string verb;
            std::string kind;
            std::string name;
            words >> verb >> kind >> name;
            if (kind == "UNIQUE") {
                kind = name;
                words >> name;
            }
            name = name.substr(0, name.find('('));
            if (name.ends_with(';')) name.pop_back();
            if (verb == "CREATE") made.insert(base::lower(kind) + ' ' + name);
            if (verb == "DROP") made.erase(base::lower(kind) + ' ' + name);
        }
    }
    return made;
}

void find_other_schema(blocking_connection& db, lines& faults)
{
    auto const found = look_up(db, list_objects);
    auto const disabled = look_up(db, disabled_triggers);
    read_results(db, [&] {
        auto missing = objects_of_migrations();
        for (std::size_t i = 0; i < found.at(0).size(); ++i) missing.erase(found.at(0)[i].text(0));
        for (std::size_t i = 0; i < disabled.at(0).size(); ++i) {
            auto const name = "trigger " + disabled.at(0)[i].text(0);
            if (missing.erase(name) > 0) faults.push_back("the " + name + " is disabled");
        }
        for (auto const& name : missing) faults.push_back("the " + name + " is missing");
    });
}

void find_loose_rows(blocking_connection& db, lines& faults)
{
    auto const found = look_up(db, loose_rows);
    read_results(db, [&] {
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            faults.push_back(std::to_string(rows[i].integer(0)) + " rows of " + rows[i].text(1) +
                             " belong to rows that accounts does not have");
        }
    });
}

void find_reused_ids(blocking_connection& db, lines& faults)
{
    auto const found = look_up(db, reused_ids);
    read_results(db, [&] {
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            faults.push_back("the next id of " + rows[i].text(0) + " was used before: set its sequence forward");
        }
    });
}

void find_wrong_name(row const& from, lines& faults)
{
    auto const account = "account " + std::to_string(from.integer(0)) + " (" + from.text(1) + ")";
    auto const name = base::normalise_name(from.text(1));
    if (!name) {
        faults.push_back(account + " has no possible name: " + name.error());
    } else if (*name != from.text(1) || base::fold_name(*name) != from.text(2)) {
        faults.push_back(account + " has a wrong key, so no login finds it: porterctl accounts rename mends it");
    }
}

void find_wrong_accounts(blocking_connection& db, lines& faults)
{
    for (account_id last = 0;;) {
        segment work{segment::effect::reads};
        work.add(list_names, last, names_at_once);
        auto const found = db.look_up(std::move(work));
        auto const& rows = found.at(0);
        if (rows.empty()) return;
        read_results(db, [&] {
            for (std::size_t i = 0; i < rows.size(); ++i) find_wrong_name(rows[i], faults);
            last = rows[rows.size() - 1].integer(0);
        });
    }
}

void find_wrong_sessions(blocking_connection& db, lines& faults)
{
    auto const found = look_up(db, wrong_sessions);
    read_results(db, [&] {
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            faults.push_back("session " + std::to_string(rows[i].integer(0)) + " belongs to the disabled account " +
                             rows[i].text(1));
        }
    });
}

}  // namespace

std::vector<std::string> find_damage(blocking_connection& db)
{
    auto const found = look_up(db, damaged_pages);
    auto const failures = read_results(db, [&] { return found.at(0)[0].integer(0); });
    if (failures == 0) return {};
    return {"PostgreSQL has found " + std::to_string(failures) + " pages with a wrong checksum: see its log"};
}

std::vector<std::string> find_faults(blocking_connection& db)
{
    lines faults;
    find_other_schema(db, faults);
    find_loose_rows(db, faults);
    find_reused_ids(db, faults);
    find_wrong_accounts(db, faults);
    find_wrong_sessions(db, faults);
    return faults;
}

}  // namespace porter::detail::store::postgres::administration
