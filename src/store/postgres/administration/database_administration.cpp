#include "store/postgres/administration/database_administration.hpp"

#include <utility>

#include "store/postgres/administration/access_codes.hpp"
#include "store/postgres/administration/accounts.hpp"
#include "store/postgres/administration/addresses.hpp"
#include "store/postgres/administration/audit.hpp"
#include "store/postgres/administration/bans.hpp"
#include "store/postgres/administration/check.hpp"
#include "store/postgres/administration/migrator.hpp"
#include "store/postgres/administration/networks.hpp"
#include "store/postgres/administration/sessions.hpp"
#include "store/postgres/administration/status.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

/// The functions behind the members of the same names, which hide them.
namespace on_database = postgres::administration;

}  // namespace

database_administration::database_administration(options options, accepted_schema schema) : db_(std::move(options))
{
    auto const found = db_.read_schema(program_role::administrator);
    schema == accepted_schema::newest ? reject_unusable(found) : reject_newer(found);
}

std::string database_administration::display_name() const
{
    return db_.display_name();
}

std::vector<account_row> database_administration::list_accounts()
{
    return on_database::list_accounts(db_);
}

std::optional<account_row> database_administration::find_account(std::string const& folded_name)
{
    return on_database::find_account(db_, folded_name);
}

std::string database_administration::password_hash_of(account_id id)
{
    return on_database::password_hash_of(db_, id);
}

void database_administration::for_each_password_hash(hash_callback const& callback)
{
    return on_database::for_each_password_hash(db_, callback);
}

result<account_id> database_administration::add_account(std::string const& name, std::string const& folded_name,
                                                        std::string const& password_hash, base::timestamp now)
{
    return on_database::add_account(db_, name, folded_name, password_hash, now);
}

std::size_t database_administration::import_accounts(std::vector<imported_account> const& accounts, base::timestamp now)
{
    return on_database::import_accounts(db_, accounts, now);
}

result<std::size_t> database_administration::set_password(account_id id, std::string const& password_hash)
{
    return on_database::set_password(db_, id, password_hash);
}

result<void> database_administration::rename_account(account_id id, std::string const& name,
                                                     std::string const& folded_name)
{
    return on_database::rename_account(db_, id, name, folded_name);
}

result<std::size_t> database_administration::disable_account(account_id id, base::timestamp now)
{
    return on_database::disable_account(db_, id, now);
}

result<void> database_administration::enable_account(account_id id)
{
    return on_database::enable_account(db_, id);
}

result<void> database_administration::delete_account(account_id id)
{
    return on_database::delete_account(db_, id);
}

result<void> database_administration::remove_second_factor(account_id id)
{
    return on_database::remove_second_factor(db_, id);
}

std::vector<counter_row> database_administration::list_counters(account_id account)
{
    return on_database::list_counters(db_, account);
}

std::vector<session_row> database_administration::list_sessions(std::optional<account_id> account)
{
    return on_database::list_sessions(db_, account);
}

result<std::string> database_administration::end_session(session_id id)
{
    return on_database::end_session(db_, id);
}

std::size_t database_administration::end_sessions(account_id account)
{
    return on_database::end_sessions(db_, account);
}

std::size_t database_administration::prune_sessions(base::timestamp now, base::timestamp idle_since)
{
    return on_database::prune_sessions(db_, now, idle_since);
}

std::vector<address_row> database_administration::list_addresses()
{
    return on_database::list_addresses(db_);
}

std::optional<address_row> database_administration::find_address(std::string const& address)
{
    return on_database::find_address(db_, address);
}

bool database_administration::is_identified(std::string const& name)
{
    return on_database::is_identified(db_, name);
}

std::string database_administration::set_address(std::string const& address, std::string const& name,
                                                 std::string const& folded_name, base::timestamp now)
{
    return on_database::set_address(db_, address, name, folded_name, now);
}

result<void> database_administration::forget_address(std::string const& address)
{
    return on_database::forget_address(db_, address);
}

std::vector<blocked_network> database_administration::list_blocked_networks(account_id account,
                                                                            throttle_rules const& rules,
                                                                            base::instant now)
{
    return on_database::list_blocked_networks(db_, account, rules, now);
}

std::vector<throttled_network> database_administration::list_throttled_networks(throttle_rules const& rules,
                                                                                std::uint32_t max_registrations,
                                                                                base::instant now)
{
    return on_database::list_throttled_networks(db_, rules, max_registrations, now);
}

std::size_t database_administration::enable_network(std::string const& network)
{
    return on_database::enable_network(db_, network);
}

std::vector<ban_row> database_administration::list_bans()
{
    return on_database::list_bans(db_);
}

added_ban database_administration::add_ban(new_ban const& ban)
{
    return on_database::add_ban(db_, ban);
}

result<void> database_administration::remove_ban(std::string const& network, std::optional<std::string> const& reason)
{
    return on_database::remove_ban(db_, network, reason);
}

std::vector<invitation_row> database_administration::list_invitations()
{
    return on_database::list_invitations(db_);
}

std::optional<invitation_row> database_administration::add_invitation(new_invitation const& fresh)
{
    return on_database::add_invitation(db_, fresh);
}

result<void> database_administration::remove_invitation(std::int64_t id)
{
    return on_database::remove_invitation(db_, id);
}

result<base::timestamp> database_administration::add_reset(account_id account, code_digest const& code,
                                                           std::chrono::seconds duration)
{
    return on_database::add_reset(db_, account, code, duration);
}

attempt_history database_administration::history_of(std::optional<account_id> account, std::string const& network,
                                                    throttle_rules const& rules, base::instant now)
{
    return on_database::history_of(db_, account, network, rules, now);
}

std::vector<audit_row> database_administration::list_audit(audit_filter const& filter)
{
    return on_database::list_audit(db_, filter);
}

audit_report database_administration::verify_audit(audit_key const& key)
{
    return on_database::verify_audit(db_, key);
}

std::vector<std::string> database_administration::find_damage()
{
    return on_database::find_damage(db_);
}

std::vector<std::string> database_administration::find_faults()
{
    return on_database::find_faults(db_);
}

store_status database_administration::status()
{
    return on_database::status_of(db_);
}

std::vector<applied_migration> database_administration::migrate()
{
    return on_database::migrate(db_);
}

cluster_status database_administration::read_cluster()
{
    return cluster_status_of(db_);
}

}  // namespace porter::detail::store::postgres::administration
