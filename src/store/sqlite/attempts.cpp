#include "store/sqlite/attempts.hpp"

#include <utility>

#include "store/sqlite/audited_transaction.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/registrations.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// Known networks of an account; beyond it the ones used longest ago are deleted.
constexpr std::int64_t networks_per_account = 100;

std::int64_t in_milliseconds(base::instant time)
{
    return time.time_since_epoch().count();
}

base::instant from_milliseconds(std::int64_t count)
{
    return base::instant{std::chrono::milliseconds{count}};
}

base::timestamp in_seconds(base::instant time)
{
    return std::chrono::floor<std::chrono::seconds>(time);
}

/// The key of the account's failure counter: a known network, or '' for all others.
std::string counter_of(counted_attempt const& counted)
{
    return counted.is_known_network ? counted.network : std::string{};
}

bool is_known(database& db, account_id account, std::string const& network)
{
    statement row{db, "SELECT 1 FROM account_networks WHERE account_id = ?1 AND network = ?2", account, network};
    return row.step();
}

failure_counter find_counter(database& db, account_id account, std::string const& network)
{
    statement row{db, "SELECT failed, last_ms FROM password_ladders WHERE account_id = ?1 AND network = ?2", account,
                  network};
    if (!row.step()) return {};
    return {row.count(0), from_milliseconds(row.integer(1))};
}

/// The failure that must leave the window before the network may fail again. Ignores failures far in the future, which
/// were stored before the clock was set back.
std::optional<base::timestamp> full_since(database& db, std::string const& network, throttle_rules const& rules,
                                          base::instant now)
{
    statement row{db,
                  "SELECT failed_at FROM network_failures WHERE network = ?1 AND failed_at < ?2"
                  " ORDER BY failed_at DESC LIMIT 1 OFFSET ?3",
                  network, in_seconds(now) + rules.network_window, rules.failures_per_network - 1};
    if (!row.step()) return std::nullopt;
    return row.time(0);
}

void count_failure(database& db, account_id account, counted_attempt& counted)
{
    {
        statement row{db, "SELECT last_failed_at FROM accounts WHERE id = ?1", account};
        if (!row.step()) return;
        counted.last_failed_at_before = row.optional_time(0);
    }
    counted.account = account;
    statement{db,
              "UPDATE accounts SET failed_since = failed_since + 1, last_failed_at = ?2, try_count = try_count + 1"
              " WHERE id = ?1",
              account, in_seconds(counted.at)}
        .run();
    statement{db,
              "INSERT INTO password_ladders (account_id, network, failed, last_ms) VALUES (?1, ?2, 1, ?3)"
              " ON CONFLICT (account_id, network) DO UPDATE SET failed = failed + 1, last_ms = ?3",
              account, counter_of(counted), in_milliseconds(counted.at)}
        .run();
}

/// Returns the row among the failures of networks.
std::int64_t count_for_network(database& db, counted_attempt const& counted, throttle_rules const& rules)
{
    // Failures out of the window do not count any more.
    auto const now = in_seconds(counted.at);
    statement{db, "DELETE FROM network_failures WHERE failed_at <= ?1", now - rules.network_window}.run();
    statement{db, "INSERT INTO network_failures (network, failed_at) VALUES (?1, ?2)", counted.network, now}.run();
    return db.last_id();
}

void mark_pending(database& db, std::int64_t entry, counted_attempt const& counted)
{
    statement{db,
              "INSERT INTO undecided_tries (failure_id, network, account_id, is_known_network, at_ms, last_ms_before,"
              " last_failed_at_before, registration_id, attempt_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
              entry,
              counted.network,
              counted.account,
              std::int64_t{counted.is_known_network},
              in_milliseconds(counted.at),
              in_milliseconds(counted.last_before),
              counted.last_failed_at_before,
              counted.registration,
              counted.id}
        .run();
}

/// A pending attempt and its row among the failures of networks.
struct pending_attempt {
    std::int64_t entry = 0;
    counted_attempt counted;
};

/// Columns 0 to 8: failure_id, network, account_id, is_known_network, at_ms, last_ms_before, last_failed_at_before,
/// registration_id, attempt_id.
pending_attempt read_pending(statement const& row)
{
    pending_attempt read;
    read.entry = row.integer(0);
    read.counted.network = row.text(1);
    if (row.integer(2) != 0) read.counted.account = row.integer(2);  // ids begin at 1
    read.counted.is_known_network = row.integer(3) != 0;
    read.counted.at = from_milliseconds(row.integer(4));
    read.counted.last_before = from_milliseconds(row.integer(5));
    read.counted.last_failed_at_before = row.optional_time(6);
    read.counted.registration = row.integer(7);
    read.counted.id = row.integer(8);
    return read;
}

std::optional<pending_attempt> find_pending(database& db, attempt_id id)
{
    statement row{db,
                  "SELECT failure_id, network, account_id, is_known_network, at_ms, last_ms_before,"
                  " last_failed_at_before, registration_id, attempt_id FROM undecided_tries WHERE attempt_id = ?1",
                  id};
    if (!row.step()) return std::nullopt;
    return read_pending(row);
}

/// Whether pending attempts are among those that deny this one. A network whose decided failures fill the window has no
/// pending attempts.
bool is_pending(database& db, secret_attempt const& attempt, unknown_names::begin_result const& name,
                bool is_known_network, decision const& denial)
{
    if (denial.by == decision::rule::registrations_used_up) return is_registration_pending(db, attempt.network);
    if (denial.by == decision::rule::network_throttled) {
        statement row{db, "SELECT 1 FROM undecided_tries WHERE network = ?1", attempt.network};
        return row.step();
    }
    if (!attempt.account) return name.is_pending;
    statement row{db,
                  "SELECT 1 FROM undecided_tries WHERE account_id = ?1 AND is_known_network = ?2"
                  " AND (?2 = 0 OR network = ?3)",
                  *attempt.account, std::int64_t{is_known_network}, attempt.network};
    return row.step();
}

/// `name`: the counter of attempt.unknown_name, which counts the attempt already if it allows it.
result<attempt_result> begin_attempt(database& db, secret_attempt const& attempt,
                                     unknown_names::begin_result const& name, throttle_rules const& rules)
{
    attempt_result result;
    if (auto begun = find_pending(db, attempt.id)) {
        result.counted = std::move(begun->counted);
        result.counted.unknown_name = attempt.unknown_name;
        return result;
    }
    auto history = history_of(db, attempt.account, attempt.network, rules, attempt.at);
    if (attempt.unknown_name) history.failures = name.before;
    if (attempt.max_registrations > 0) history.registrations_full_since = registrations_full_since(db, attempt);
    result.decision = decide(history, rules, attempt.at);
    if (!result.decision.allows()) {
        if (is_pending(db, attempt, name, history.is_known_network, result.decision))
            result.decision = decision::not_yet();
        return result;
    }
    auto& counted = result.counted;
    counted.id = attempt.id;
    counted.unknown_name = attempt.unknown_name;
    counted.network = attempt.network;
    counted.is_known_network = history.is_known_network;
    counted.at = attempt.at;
    counted.last_before = history.failures.last_failed_at;
    if (attempt.account) count_failure(db, *attempt.account, counted);
    auto const entry = count_for_network(db, counted, rules);
    if (attempt.max_registrations > 0) count_registration(db, counted);
    mark_pending(db, entry, counted);
    return result;
}

/// Removes this attempt from the figures that are shown of the account.
void forget_failure(database& db, account_id account, counted_attempt const& counted)
{
    statement{db,
              "UPDATE accounts SET failed_since = max(failed_since - 1, 0), try_count = try_count + 1,"
              " last_failed_at = iif(last_failed_at = ?2, ?3, last_failed_at) WHERE id = ?1",
              account, in_seconds(counted.at), counted.last_failed_at_before}
        .run();
}

void rollback_one(database& db, pending_attempt const& pending)
{
    auto const& counted = pending.counted;
    statement{db, "DELETE FROM network_failures WHERE id = ?1", pending.entry}.run();  // and undecided_tries with it
    forget_registration(db, counted.registration);
    if (!counted.account) return;
    forget_failure(db, *counted.account, counted);
    auto const counter = counter_of(counted);
    statement{db, "DELETE FROM password_ladders WHERE account_id = ?1 AND network = ?2 AND failed = 1",
              *counted.account, counter}
        .run();
    // The pause is that of the failure before, unless another one followed.
    statement{db,
              "UPDATE password_ladders SET failed = failed - 1, last_ms = iif(last_ms = ?3, ?4, last_ms)"
              " WHERE account_id = ?1 AND network = ?2 AND failed > 1",
              *counted.account,
              counter,
              in_milliseconds(counted.at),
              in_milliseconds(counted.last_before)}
        .run();
}

result<void> fail_attempt(database& db, attempt_id id)
{
    auto const failed = find_pending(db, id);
    if (!failed) return {};
    statement{db, "DELETE FROM undecided_tries WHERE failure_id = ?1", failed->entry}.run();
    forget_registration(db, failed->counted.registration);
    return {};
}

result<void> rollback_attempts(database& db, std::vector<counted_attempt> const& pending)
{
    for (auto const& each : pending) {
        if (auto const one = find_pending(db, each.id)) rollback_one(db, *one);
    }
    return {};
}

}  // namespace

void rollback_pending(database& db)
{
    std::vector<pending_attempt> left;  // latest first, so that each restores what it found
    {
        statement row{db,
                      "SELECT failure_id, network, account_id, is_known_network, at_ms, last_ms_before,"
                      " last_failed_at_before, registration_id, attempt_id FROM undecided_tries"
                      " ORDER BY failure_id DESC"};
        while (row.step()) left.push_back(read_pending(row));
    }
    if (left.empty()) return;
    audited_transaction all{db};
    for (auto const& one : left) rollback_one(db, one);
    all.commit();
}

attempt_history history_of(database& db, std::optional<account_id> account, std::string const& network,
                           throttle_rules const& rules, base::instant now)
{
    attempt_history history;
    if (account) {
        history.is_known_network = is_known(db, *account, network);
        history.failures = find_counter(db, *account, history.is_known_network ? network : std::string{});
    }
    history.network_full_since = full_since(db, network, rules, now);
    return history;
}

void undo_verified_attempt(database& db, counted_attempt const& attempt)
{
    statement{db,
              "DELETE FROM network_failures WHERE id = (SELECT failure_id FROM undecided_tries WHERE attempt_id = ?1)",
              attempt.id}
        .run();
    if (!attempt.account) return;
    forget_failure(db, *attempt.account, attempt);
    statement{db, "DELETE FROM password_ladders WHERE account_id = ?1 AND network = ?2", *attempt.account,
              counter_of(attempt)}
        .run();
}

void note_network(database& db, account_id account, std::string const& network, base::timestamp at)
{
    statement{db,
              "INSERT INTO account_networks (account_id, network, first_seen_at, last_seen_at) VALUES (?1, ?2, ?3, ?3)"
              " ON CONFLICT (account_id, network) DO UPDATE SET last_seen_at = max(last_seen_at, ?3)",
              account, network, at}
        .run();
    statement{db,
              "DELETE FROM account_networks WHERE account_id = ?1 AND network IN (SELECT network FROM account_networks"
              " WHERE account_id = ?1 ORDER BY last_seen_at DESC, network LIMIT -1 OFFSET ?2)",
              account, networks_per_account}
        .run();
}

/// Counts an attempt on the counter of its unknown name, if it has one, until the database has counted it, too.
class attempts::name_count {
public:
    name_count(unknown_names& names, secret_attempt const& attempt, throttle_rules const& rules)
        : names_(names), attempt_(attempt)
    {
        if (attempt.unknown_name) begun_ = names.begin(*attempt.unknown_name, attempt.id, rules, attempt.at);
    }
    ~name_count()
    {
        if (begun_.is_counted) names_.rollback(*attempt_.unknown_name, attempt_.id);
    }
    name_count(name_count const&) = delete;
    name_count& operator=(name_count const&) = delete;

    unknown_names::begin_result const& begun() const noexcept { return begun_; }
    void keep() noexcept { begun_.is_counted = false; }

private:
    unknown_names& names_;
    secret_attempt const& attempt_;
    unknown_names::begin_result begun_;
};

task<result<attempt_result>> attempts::begin(secret_attempt attempt, throttle_rules rules)
{
    name_count name{names_, attempt, rules};
    auto work = [&](database& db) { return begin_attempt(db, attempt, name.begun(), rules); };
    auto decided = co_await submit(write_queue_, work);
    if (decided && decided->decision.allows()) name.keep();
    co_return decided;
}

task<result<void>> attempts::fail(counted_attempt attempt)
{
    auto work = [&](database& db) { return fail_attempt(db, attempt.id); };
    auto stored = co_await submit(write_queue_, work);
    if (stored && attempt.unknown_name) names_.fail(*attempt.unknown_name, attempt.id);
    co_return stored;
}

task<result<void>> attempts::rollback(std::vector<counted_attempt> pending)
{
    auto work = [&](database& db) { return rollback_attempts(db, pending); };
    auto stored = co_await submit(write_queue_, work);
    if (!stored) co_return stored;
    for (auto const& each : pending) {
        if (each.unknown_name) names_.rollback(*each.unknown_name, each.id);
    }
    co_return stored;
}

}  // namespace porter::detail::store::sqlite
