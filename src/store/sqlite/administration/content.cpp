#include "store/sqlite/administration/content.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "store/sqlite/administration/open.hpp"
#include "store/sqlite/administration/translate_errors.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

std::unique_ptr<database> open_newest(options const& options)
{
    auto db = open_alone(options);
    auto const version = db->integer("PRAGMA user_version");
    if (version == newest_version()) return db;
    throw cannot_open(start_errc::bad_data, options.path,
                      "its version is " + std::to_string(version) + ", and this program works with " +
                          std::to_string(newest_version()) + ": porterctl db migrate brings it there");
}

base::instant milliseconds(std::int64_t count)
{
    return base::instant{std::chrono::milliseconds{count}};
}

std::optional<account_id> optional_id(statement const& row, int column)
{
    if (row.integer(column) == 0) return std::nullopt;  // ids begin at 1
    return row.integer(column);
}

/// The schema checks its size.
token_digest read_digest(statement const& row, int column)
{
    token_digest read{};
    auto const bytes = row.bytes(column);
    auto const size = std::min(bytes.size(), read.size());
    std::ranges::copy_n(base::as_bytes(bytes).begin(), static_cast<std::ptrdiff_t>(size), read.begin());
    return read;
}

content_account read_account_row(statement const& row)
{
    content_account read;
    read.id = row.integer(0);
    read.name = row.text(1);
    read.folded_name = row.text(2);
    read.password_hash = row.text(3);
    read.credential_version = row.integer(4);
    read.rehash_count = row.integer(5);
    read.created_at = row.time(6);
    read.disabled_at = row.optional_time(7);
    read.last_login_at = row.optional_time(8);
    read.last_address = row.text(9);
    read.failed_since = row.integer(10);
    read.last_failed_at = row.optional_time(11);
    read.attempt_count = row.integer(12);
    return read;
}

content_session read_session_row(statement const& row)
{
    content_session read;
    read.session = read_session(row);
    read.digest = read_digest(row, 7);
    read.credential_version = row.integer(8);
    read.before = read_history(row, 9);
    return read;
}

content_attempt read_attempt_row(statement const& row)
{
    content_attempt read;
    read.network = row.text(0);
    read.at = milliseconds(row.integer(1));
    read.is_pending = row.integer(2) != 0;
    if (!read.is_pending) return read;
    read.id = row.integer(3);
    read.account = optional_id(row, 4);
    if (read.account && row.integer(5) != 0) read.counter_network = read.network;
    read.last_before = milliseconds(row.integer(6));
    read.last_failed_at_before = row.optional_time(7);
    return read;
}

}  // namespace

file_content::file_content(options options)
    : options_(std::move(options)), db_(translate_errors(options_.path, [this] { return open_newest(options_); }))
{}

content_counts file_content::counts()
{
    return translate_errors(options_.path, [this] {
        auto const count = [this](std::string const& table) {
            return static_cast<std::uint64_t>(db_->integer("SELECT count(*) FROM " + table));
        };
        return content_counts{
            count("accounts"),         count("sessions"),         count("addresses"),      count("account_networks"),
            count("password_ladders"), count("network_failures"), count("registrations"),  count("bans"),
            count("invitations"),      count("password_resets"),  count("second_factors"), count("recovery_codes")};
    });
}

used_ids file_content::last_ids()
{
    return translate_errors(options_.path, [this] {
        used_ids last;
        last.account = db_->integer("SELECT seq FROM sqlite_sequence WHERE name = 'accounts'");
        last.session = db_->integer("SELECT seq FROM sqlite_sequence WHERE name = 'sessions'");
        last.invitation = db_->integer("SELECT seq FROM sqlite_sequence WHERE name = 'invitations'");
        return last;
    });
}

void file_content::read_accounts(std::function<void(content_account const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_,
                      "SELECT id, name, folded_name, password_hash, credential_version, rehash_count, created_at,"
                      " disabled_at, last_login_at, last_address, failed_since, last_failed_at, try_count"
                      " FROM accounts ORDER BY id"};
        while (row.step()) receive(read_account_row(row));
    });
}

void file_content::read_sessions(std::function<void(content_session const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_,
                      "SELECT id, account_id, created_at, last_used_at, expires_at, address, transport, token_digest,"
                      " credential_version, before_at, before_address, before_failed FROM sessions ORDER BY id"};
        while (row.step()) receive(read_session_row(row));
    });
}

void file_content::read_addresses(std::function<void(content_address const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_,
                      "SELECT address, network, site, name, account_id, first_seen_at, last_seen_at FROM addresses"};
        while (row.step()) {
            receive(
                {row.text(0), row.text(1), row.text(2), row.text(3), optional_id(row, 4), row.time(5), row.time(6)});
        }
    });
}

void file_content::read_networks(std::function<void(content_network const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_, "SELECT account_id, network, first_seen_at, last_seen_at FROM account_networks"};
        while (row.step()) receive({row.integer(0), row.text(1), row.time(2), row.time(3)});
    });
}

void file_content::read_counters(std::function<void(content_counter const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_, "SELECT account_id, network, failed, last_ms FROM password_ladders"};
        while (row.step()) receive({row.integer(0), row.text(1), row.integer(2), milliseconds(row.integer(3))});
    });
}

void file_content::read_attempts(std::function<void(content_attempt const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_,
                      "SELECT failed.network, coalesce(at_ms, failed_at * 1000), failure_id IS NOT NULL, attempt_id,"
                      " account_id, is_known_network, last_ms_before, last_failed_at_before"
                      " FROM network_failures AS failed LEFT JOIN undecided_tries ON failure_id = failed.id"};
        while (row.step()) receive(read_attempt_row(row));
    });
}

void file_content::read_registrations(std::function<void(content_registration const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{
            *db_,
            "SELECT coalesce(attempt_id, 0), counted.network, site, registered_at FROM registrations AS counted"
            " LEFT JOIN undecided_tries ON registration_id = counted.id"};
        while (row.step()) receive({row.integer(0), row.text(1), row.text(2), row.time(3)});
    });
}

void file_content::read_bans(std::function<void(ban_row const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_, "SELECT network, expires_at, is_silent, reason, created_at FROM bans"};
        while (row.step()) {
            receive({row.text(0), row.optional_time(1), row.integer(2) != 0, row.text(3), row.time(4)});
        }
    });
}

void file_content::read_invitations(std::function<void(content_invitation const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_,
                      "SELECT id, name, uses, used, created_at, expires_at, folded_name, code_digest FROM invitations"
                      " ORDER BY id"};
        while (row.step()) {
            invitation_row const one{row.integer(0), row.text(1), row.count(2), row.count(3), row.time(4), row.time(5)};
            receive({one, row.text(6), read_digest(row, 7)});
        }
    });
}

void file_content::read_resets(std::function<void(content_reset const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_, "SELECT account_id, code_digest, created_at, expires_at FROM password_resets"};
        while (row.step()) receive({row.integer(0), read_digest(row, 1), row.time(2), row.time(3)});
    });
}

void file_content::read_second_factors(std::function<void(content_second_factor const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_,
                      "SELECT account_id, hex(sealed_secret), last_step, last_use, created_at"
                      " FROM second_factors"};
        while (row.step()) receive({row.integer(0), row.text(1), row.integer(2), row.integer(3), row.time(4)});
    });
}

void file_content::read_recovery_codes(std::function<void(content_recovery_code const&)> const& receive)
{
    translate_errors(options_.path, [&] {
        statement row{*db_, "SELECT account_id, digest, used_by, used_at FROM recovery_codes"};
        while (row.step()) {
            receive({row.integer(0), read_digest(row, 1), optional_id(row, 2), row.optional_time(3)});
        }
    });
}

}  // namespace porter::detail::store::sqlite::administration
