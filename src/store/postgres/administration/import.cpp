#include "store/postgres/administration/import.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "porter/start_error.hpp"
#include "store/postgres/administration/owner.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

/// Rows of one statement.
constexpr std::size_t rows_at_once = 1'000;

// porterd can read until the commit, and its changes wait. The order is that of its own locks.
constexpr char const* lock_tables =
    "LOCK TABLE accounts, sessions, attempts, registrations, failure_counters, addresses, account_networks,"
    " ended_sessions, bans, invitations, password_resets, second_factors, recovery_codes IN EXCLUSIVE MODE";

// The journal, too: porterd would take an ended session there for one that was copied with the same id.
constexpr char const* is_empty =
    "SELECT NOT EXISTS (SELECT FROM accounts) AND NOT EXISTS (SELECT FROM sessions)"
    " AND NOT EXISTS (SELECT FROM addresses) AND NOT EXISTS (SELECT FROM attempts)"
    " AND NOT EXISTS (SELECT FROM registrations) AND NOT EXISTS (SELECT FROM ended_sessions)"
    " AND NOT EXISTS (SELECT FROM bans) AND NOT EXISTS (SELECT FROM invitations)"
    " AND NOT EXISTS (SELECT FROM password_resets)";

constexpr char const* insert_accounts =
    "INSERT INTO accounts (id, name, folded_name, password_hash, credential_version, rehash_count, created_at,"
    " disabled_at, last_login_at, last_address, failed_since, last_failed_at, attempt_count)"
    " OVERRIDING SYSTEM VALUE SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

constexpr char const* insert_sessions =
    "INSERT INTO sessions (id, account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
    " credential_version, before_login_at, before_address, before_failed)"
    " OVERRIDING SYSTEM VALUE SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

constexpr char const* insert_addresses =
    "INSERT INTO addresses (address, network, site, name, account_id, first_seen_at, last_seen_at)"
    " SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)";

constexpr char const* insert_networks =
    "INSERT INTO account_networks (account_id, network, first_seen_at, last_seen_at)"
    " SELECT * FROM unnest($1, $2, $3, $4)";

constexpr char const* insert_counters =
    "INSERT INTO failure_counters (account_id, network, failed, last_ms) SELECT * FROM unnest($1, $2, $3, $4)";

// A pending attempt is of a server that has stopped: any server rolls it back within a minute.
constexpr char const* insert_attempts =
    "INSERT INTO attempts (id, network, at_ms, is_pending, account_id, counter_network, last_ms_before,"
    " last_failed_at_before)"
    " SELECT id, network, at_ms, is_pending <> 0, account_id, counter_network, last_ms_before, last_failed_at_before"
    " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS made (id, network, at_ms, is_pending, account_id,"
    " counter_network, last_ms_before, last_failed_at_before)";

constexpr char const* insert_registrations =
    "INSERT INTO registrations (attempt_id, network, site, registered_at) SELECT * FROM unnest($1, $2, $3, $4)";

constexpr char const* insert_bans =
    "INSERT INTO bans (network, expires_at, is_silent, reason, created_at)"
    " SELECT network, expires_at, is_silent <> 0, reason, created_at"
    " FROM unnest($1, $2, $3, $4, $5) AS made (network, expires_at, is_silent, reason, created_at)";

constexpr char const* insert_invitations =
    "INSERT INTO invitations (id, code_digest, name, folded_name, uses, used, created_at, expires_at)"
    " OVERRIDING SYSTEM VALUE SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)";

constexpr char const* insert_resets =
    "INSERT INTO password_resets (account_id, code_digest, created_at, expires_at)"
    " SELECT * FROM unnest($1, $2, $3, $4)";

constexpr char const* insert_second_factors =
    "INSERT INTO second_factors (account_id, sealed_secret, last_step, last_use, created_at)"
    " SELECT account_id, decode(sealed_secret, 'hex'), last_step, last_use, created_at"
    " FROM unnest($1, $2, $3, $4, $5) AS made (account_id, sealed_secret, last_step, last_use, created_at)";

constexpr char const* insert_recovery_codes =
    "INSERT INTO recovery_codes (account_id, digest, used_by, used_at) SELECT * FROM unnest($1, $2, $3, $4)";

constexpr char const* skip_accounts =
    "SELECT setval(pg_get_serial_sequence('accounts', 'id'), greatest($1, 1), $1 > 0)";
constexpr char const* skip_sessions =
    "SELECT setval(pg_get_serial_sequence('sessions', 'id'), greatest($1, 1), $1 > 0)";

constexpr char const* skip_invitations =
    "SELECT setval(pg_get_serial_sequence('invitations', 'id'), greatest($1, 1), $1 > 0)";

constexpr char const* count_all =
    "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM sessions), (SELECT count(*) FROM addresses),"
    " (SELECT count(*) FROM account_networks), (SELECT count(*) FROM failure_counters),"
    " (SELECT count(*) FROM attempts), (SELECT count(*) FROM registrations), (SELECT count(*) FROM bans),"
    " (SELECT count(*) FROM invitations), (SELECT count(*) FROM password_resets),"
    " (SELECT count(*) FROM second_factors), (SELECT count(*) FROM recovery_codes)";

// Otherwise the plans of porterd would be those for empty tables until autovacuum has looked.
constexpr char const* analyze = "ANALYZE accounts, sessions, addresses, account_networks";

using numbers = std::vector<std::int64_t>;
using optional_numbers = std::vector<std::optional<std::int64_t>>;
using texts = std::vector<std::string>;

std::int64_t number(base::timestamp time)
{
    return time.time_since_epoch().count();
}

std::int64_t number(base::instant time)
{
    return time.time_since_epoch().count();
}

std::optional<std::int64_t> number(std::optional<base::timestamp> const& time)
{
    return time ? std::optional{number(*time)} : std::nullopt;
}

/// The rows of one table, a list for each column, which are inserted when there are enough.
template <typename... Columns>
class batch {
public:
    batch(transaction& within, char const* sql) : within_(within), sql_(sql) {}

    template <typename... Values>
    void add(Values&&... values)
    {
        std::apply([&](auto&... column) { (column.push_back(std::forward<Values>(values)), ...); }, columns_);
        if (std::get<0>(columns_).size() >= rows_at_once) insert();
    }

    /// What is left.
    void insert()
    {
        if (std::get<0>(columns_).empty()) return;
        segment work{segment::effect::writes};
        std::apply([&](auto const&... column) { work.add(sql_, column...); }, columns_);
        std::apply([](auto&... column) { (column.clear(), ...); }, columns_);
        auto const answer = within_.attempt(std::move(work));
        if (answer.outcome == outcome::done) return;
        if (!is_about_content(answer.error)) within_.fail(answer);
        throw start_error{start_errc::bad_data, "the database rejects a row, and nothing was changed: " +
                                                    answer.error.message + " (porterctl db check reads the file)"};
    }

private:
    transaction& within_;
    char const* sql_;
    std::tuple<Columns...> columns_;
};

/// As porterd chooses them.
class random_ids {
public:
    attempt_id next() { return distribution_(random_); }

private:
    std::random_device random_;
    std::uniform_int_distribution<attempt_id> distribution_{1, std::numeric_limits<attempt_id>::max()};
};

void insert_all_accounts(transaction& within, content& from)
{
    batch<numbers, texts, texts, texts, numbers, numbers, numbers, optional_numbers, optional_numbers, texts, numbers,
          optional_numbers, numbers>
        rows{within, insert_accounts};
    from.read_accounts([&](content_account const& each) {
        rows.add(each.id, each.name, each.folded_name, each.password_hash, each.credential_version, each.rehash_count,
                 number(each.created_at), number(each.disabled_at), number(each.last_login_at), each.last_address,
                 each.failed_since, number(each.last_failed_at), each.attempt_count);
    });
    rows.insert();
}

void insert_all_sessions(transaction& within, content& from)
{
    batch<numbers, numbers, std::vector<token_digest>, numbers, numbers, numbers, texts, texts, numbers,
          optional_numbers, texts, numbers>
        rows{within, insert_sessions};
    from.read_sessions([&](content_session const& each) {
        auto const& session = each.session;
        rows.add(session.id, session.account, each.digest, number(session.created_at), number(session.last_used_at),
                 number(session.expires_at), session.address, std::string{name_of(session.transport)},
                 each.credential_version, number(each.before.last_login_at), each.before.last_address,
                 std::int64_t{each.before.failed_since});
    });
    rows.insert();
}

void insert_all_addresses(transaction& within, content& from)
{
    batch<texts, texts, texts, texts, optional_numbers, numbers, numbers> rows{within, insert_addresses};
    from.read_addresses([&](content_address const& each) {
        rows.add(each.address, each.network, each.site, each.name, each.account, number(each.first_seen_at),
                 number(each.last_seen_at));
    });
    rows.insert();
    batch<numbers, texts, numbers, numbers> networks{within, insert_networks};
    from.read_networks([&](content_network const& each) {
        networks.add(each.account, each.network, number(each.first_seen_at), number(each.last_seen_at));
    });
    networks.insert();
}

void insert_all_attempts(transaction& within, content& from)
{
    random_ids ids;
    auto const id_of = [&](attempt_id known) { return known > 0 ? known : ids.next(); };
    batch<numbers, texts, numbers, numbers> counters{within, insert_counters};
    from.read_counters([&](content_counter const& each) {
        counters.add(each.account, each.network, each.failed, number(each.last_failed_at));
    });
    counters.insert();
    batch<numbers, texts, numbers, numbers, optional_numbers, texts, numbers, optional_numbers> rows{within,
                                                                                                     insert_attempts};
    from.read_attempts([&](content_attempt const& each) {
        rows.add(id_of(each.id), each.network, number(each.at), std::int64_t{each.is_pending}, each.account,
                 each.counter_network, number(each.last_before), number(each.last_failed_at_before));
    });
    rows.insert();
    batch<numbers, texts, texts, numbers> registrations{within, insert_registrations};
    from.read_registrations([&](content_registration const& each) {
        registrations.add(id_of(each.attempt), each.network, each.site, number(each.registered_at));
    });
    registrations.insert();
}

void insert_all_bans(transaction& within, content& from)
{
    batch<texts, optional_numbers, numbers, texts, numbers> rows{within, insert_bans};
    from.read_bans([&](ban_row const& each) {
        rows.add(each.network, number(each.expires_at), std::int64_t{each.is_silent}, each.reason,
                 number(each.created_at));
    });
    rows.insert();
}

void insert_all_codes(transaction& within, content& from)
{
    using digests = std::vector<code_digest>;
    batch<numbers, digests, texts, texts, numbers, numbers, numbers, numbers> rows{within, insert_invitations};
    from.read_invitations([&](content_invitation const& each) {
        auto const& one = each.invitation;
        rows.add(one.id, each.code, one.name, each.folded_name, std::int64_t{one.uses}, std::int64_t{one.used},
                 number(one.created_at), number(one.expires_at));
    });
    rows.insert();
    batch<numbers, digests, numbers, numbers> resets{within, insert_resets};
    from.read_resets([&](content_reset const& each) {
        resets.add(each.account, each.code, number(each.created_at), number(each.expires_at));
    });
    resets.insert();
}

void insert_all_second_factors(transaction& within, content& from)
{
    batch<numbers, texts, numbers, numbers, numbers> rows{within, insert_second_factors};
    from.read_second_factors([&](content_second_factor const& each) {
        rows.add(each.account, each.sealed_secret, each.last_step, each.last_use, number(each.created_at));
    });
    rows.insert();
    batch<numbers, std::vector<token_digest>, optional_numbers, optional_numbers> codes{within, insert_recovery_codes};
    from.read_recovery_codes([&](content_recovery_code const& each) {
        codes.add(each.account, each.digest, each.used_by, number(each.used_at));
    });
    codes.insert();
}

/// Within a transaction of the owner.
void reject_unfit(blocking_connection& db, transaction& within)
{
    auto const version = read_versions(db, within).version;
    if (version < schema_version) {
        auto const problem = version == 0 ? std::string{" has no schema: "}
                                          : " has a schema of version " + std::to_string(version) + ", and this " +
                                                "program needs " + std::to_string(schema_version) + ": ";
        throw start_error{start_errc::bad_data, db.display_name() + problem + "run porterctl db migrate first"};
    }
    segment work{segment::effect::reads};
    work.add(is_empty);
    auto const found = within.run(std::move(work));
    if (read_results(db, [&] { return found.at(0)[0].boolean(0); })) return;
    throw start_error{start_errc::cannot_create, db.display_name() + " is not empty, or was used within the last " +
                                                     "minutes: a database is moved into a new one only"};
}

content_counts counts_in(blocking_connection& db, transaction& within)
{
    segment work{segment::effect::reads};
    work.add(count_all);
    auto const found = within.run(std::move(work));
    return read_results(db, [&] {
        auto const row = found.at(0)[0];
        auto const column = [&](int index) { return static_cast<std::uint64_t>(row.integer(index)); };
        return content_counts{column(0), column(1), column(2), column(3), column(4),  column(5),
                              column(6), column(7), column(8), column(9), column(10), column(11)};
    });
}

}  // namespace

void reject_unfit_target(blocking_connection& db)
{
    reject_other_role(db);
    transaction whole{db};
    whole.run(become_owner());
    reject_unfit(db, whole);
    whole.commit();
}

content_counts import_content(blocking_connection& db, content& from)
{
    reject_unfit_target(db);
    transaction whole{db};
    whole.run(become_owner());
    segment lock{segment::effect::writes};
    lock.add(lock_tables);
    whole.run(std::move(lock));
    reject_unfit(db, whole);
    insert_all_accounts(whole, from);
    insert_all_sessions(whole, from);
    insert_all_addresses(whole, from);
    insert_all_attempts(whole, from);
    insert_all_bans(whole, from);
    insert_all_codes(whole, from);
    insert_all_second_factors(whole, from);
    auto const ids = from.last_ids();
    segment end{segment::effect::writes};
    end.add(skip_accounts, ids.account).add(skip_sessions, ids.session);
    end.add(skip_invitations, ids.invitation).add(analyze);
    whole.run(std::move(end));
    auto const wanted = from.counts();
    auto const moved = counts_in(db, whole);
    if (moved != wanted) {
        throw start_error{start_errc::bad_data,
                          "not every row has arrived in " + db.display_name() + ": nothing was changed"};
    }
    whole.commit();
    return moved;
}

}  // namespace porter::detail::store::postgres::administration
