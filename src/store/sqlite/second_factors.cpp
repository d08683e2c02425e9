#include "store/sqlite/second_factors.hpp"

#include <utility>

#include "base/bytes.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

result<std::optional<second_factor>> find_factor(database& db, account_id account)
{
    statement row{db,
                  "SELECT sealed_secret, last_step, (SELECT count(*) FROM recovery_codes"
                  " WHERE recovery_codes.account_id = second_factors.account_id AND used_by IS NULL)"
                  " FROM second_factors WHERE account_id = ?1",
                  account};
    if (!row.step()) return std::optional<second_factor>{};
    return std::optional{second_factor{row.bytes(0), row.integer(1), row.integer(2)}};
}

bool has_factor(database& db, new_second_factor const& record)
{
    statement row{db, "SELECT 1 FROM second_factors WHERE account_id = ?1 AND sealed_secret = ?2", record.account,
                  base::as_bytes(record.sealed_secret)};
    return row.step();
}

result<void> add_factor(database& db, new_second_factor const& record)
{
    statement{db,
              "INSERT INTO second_factors (account_id, sealed_secret, last_step, created_at)"
              " SELECT id, ?2, ?3, ?4 FROM accounts WHERE id = ?1 ON CONFLICT DO NOTHING",
              record.account,
              base::as_bytes(record.sealed_secret),
              record.last_step,
              record.created_at}
        .run();
    if (db.changes() == 0) {
        if (has_factor(db, record)) return {};
        return unexpected(errc::credential_changed);
    }
    for (auto const& digest : record.recovery_codes) {
        statement{db, "INSERT INTO recovery_codes (account_id, digest) VALUES (?1, ?2)", record.account, digest}.run();
    }
    return {};
}

result<void> use_one_step(database& db, account_id account, std::int64_t step, attempt_id use)
{
    statement{db,
              "UPDATE second_factors SET last_step = ?2, last_use = ?3"
              " WHERE account_id = ?1 AND (last_step < ?2 OR (last_step = ?2 AND last_use = ?3))",
              account, step, use}
        .run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    return {};
}

result<void> use_code(database& db, account_id account, token_digest const& digest, attempt_id use, base::timestamp at)
{
    statement{db,
              "UPDATE recovery_codes SET used_by = ?3, used_at = ?4"
              " WHERE account_id = ?1 AND digest = ?2 AND (used_by IS NULL OR used_by = ?3)",
              account,
              digest,
              use,
              at}
        .run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    return {};
}

result<void> remove_factor(database& db, account_id account)
{
    // A trigger deletes the recovery codes.
    statement{db, "DELETE FROM second_factors WHERE account_id = ?1", account}.run();
    return {};
}

}  // namespace

task<result<std::optional<second_factor>>> second_factors::find(account_id account)
{
    return submit(read_queue_, [account](database& db) { return find_factor(db, account); });
}

task<result<void>> second_factors::add(new_second_factor record)
{
    return submit(write_queue_, [record = std::move(record)](database& db) { return add_factor(db, record); });
}

task<result<void>> second_factors::use_step(account_id account, std::int64_t step, attempt_id use)
{
    return submit(write_queue_, [account, step, use](database& db) { return use_one_step(db, account, step, use); });
}

task<result<void>> second_factors::use_recovery_code(account_id account, token_digest digest, attempt_id use,
                                                     base::timestamp at)
{
    return submit(write_queue_,
                  [account, digest, use, at](database& db) { return use_code(db, account, digest, use, at); });
}

task<result<void>> second_factors::remove(account_id account)
{
    return submit(write_queue_, [account](database& db) { return remove_factor(db, account); });
}

}  // namespace porter::detail::store::sqlite
