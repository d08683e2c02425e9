#include "store/sqlite/administration/file_administration.hpp"

#include <set>
#include <utility>

#include "log/logger.hpp"
#include "store/sqlite/administration/access_codes.hpp"
#include "store/sqlite/administration/accounts.hpp"
#include "store/sqlite/administration/addresses.hpp"
#include "store/sqlite/administration/audit.hpp"
#include "store/sqlite/administration/bans.hpp"
#include "store/sqlite/administration/check.hpp"
#include "store/sqlite/administration/networks.hpp"
#include "store/sqlite/administration/open.hpp"
#include "store/sqlite/administration/sessions.hpp"
#include "store/sqlite/administration/status.hpp"
#include "store/sqlite/administration/translate_errors.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/migrator.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

/// The functions behind the members of the same names, which hide them.
namespace on_database = sqlite::administration;

/// Records the versions from the log lines of the migrator.
class migration_log final : public log::logger {
public:
    migration_log() : logger(log::level::info) {}

    bool has(int version) const { return versions_.contains(version); }

private:
    void write(log::log_record const& migrated) noexcept override
    {
        for (auto const& field : migrated.fields) {
            if (field.key == "version") versions_.insert(static_cast<int>(field.number));
        }
    }

    std::set<int> versions_;
};

/// Opens the file; the error of SQLite names it.
std::unique_ptr<database> open_file(options const& options, database::access mode, accepted_schema schema)
{
    return translate_errors(options.path, [&] { return open_existing(options, mode, schema); });
}

}  // namespace

file_administration::file_administration(options options, database::access mode, accepted_schema schema)
    : options_(std::move(options)), db_(open_file(options_, mode, schema))
{}

template <typename Operation>
auto file_administration::translate(Operation&& operation)
{
    return translate_errors(options_.path, std::forward<Operation>(operation));
}

std::string file_administration::display_name() const
{
    return options_.path.string();
}

std::vector<account_row> file_administration::list_accounts()
{
    return translate([&] { return on_database::list_accounts(*db_); });
}

std::optional<account_row> file_administration::find_account(std::string const& folded_name)
{
    return translate([&] { return on_database::find_account(*db_, folded_name); });
}

std::string file_administration::password_hash_of(account_id id)
{
    return translate([&] { return on_database::password_hash_of(*db_, id); });
}

void file_administration::for_each_password_hash(hash_callback const& callback)
{
    return translate([&] { return on_database::for_each_password_hash(*db_, callback); });
}

result<account_id> file_administration::add_account(std::string const& name, std::string const& folded_name,
                                                    std::string const& password_hash, base::timestamp now)
{
    return translate([&] { return on_database::add_account(*db_, name, folded_name, password_hash, now); });
}

std::size_t file_administration::import_accounts(std::vector<imported_account> const& accounts, base::timestamp now)
{
    return translate([&] { return on_database::import_accounts(*db_, accounts, now); });
}

result<std::size_t> file_administration::set_password(account_id id, std::string const& password_hash)
{
    return translate([&] { return on_database::set_password(*db_, id, password_hash); });
}

result<void> file_administration::rename_account(account_id id, std::string const& name, std::string const& folded_name)
{
    return translate([&] { return on_database::rename_account(*db_, id, name, folded_name); });
}

result<std::size_t> file_administration::disable_account(account_id id, base::timestamp now)
{
    return translate([&] { return on_database::disable_account(*db_, id, now); });
}

result<void> file_administration::enable_account(account_id id)
{
    return translate([&] { return on_database::enable_account(*db_, id); });
}

result<void> file_administration::delete_account(account_id id)
{
    return translate([&] { return on_database::delete_account(*db_, id); });
}

result<void> file_administration::remove_second_factor(account_id id)
{
    return translate([&] { return on_database::remove_second_factor(*db_, id); });
}

std::vector<counter_row> file_administration::list_counters(account_id account)
{
    return translate([&] { return on_database::list_counters(*db_, account); });
}

std::vector<session_row> file_administration::list_sessions(std::optional<account_id> account)
{
    return translate([&] { return on_database::list_sessions(*db_, account); });
}

result<std::string> file_administration::end_session(session_id id)
{
    return translate([&] { return on_database::end_session(*db_, id); });
}

std::size_t file_administration::end_sessions(account_id account)
{
    return translate([&] { return on_database::end_sessions(*db_, account); });
}

std::size_t file_administration::prune_sessions(base::timestamp now, base::timestamp idle_since)
{
    return translate([&] { return on_database::prune_sessions(*db_, now, idle_since); });
}

std::vector<address_row> file_administration::list_addresses()
{
    return translate([&] { return on_database::list_addresses(*db_); });
}

std::optional<address_row> file_administration::find_address(std::string const& address)
{
    return translate([&] { return on_database::find_address(*db_, address); });
}

bool file_administration::is_identified(std::string const& name)
{
    return translate([&] { return on_database::is_identified(*db_, name); });
}

std::string file_administration::set_address(std::string const& address, std::string const& name,
                                             std::string const& folded_name, base::timestamp now)
{
    return translate([&] { return on_database::set_address(*db_, address, name, folded_name, now); });
}

result<void> file_administration::forget_address(std::string const& address)
{
    return translate([&] { return on_database::forget_address(*db_, address); });
}

std::vector<blocked_network> file_administration::list_blocked_networks(account_id account, throttle_rules const& rules,
                                                                        base::instant now)
{
    return translate([&] { return on_database::list_blocked_networks(*db_, account, rules, now); });
}

std::vector<throttled_network> file_administration::list_throttled_networks(throttle_rules const& rules,
                                                                            std::uint32_t max_registrations,
                                                                            base::instant now)
{
    return translate([&] { return on_database::list_throttled_networks(*db_, rules, max_registrations, now); });
}

std::size_t file_administration::enable_network(std::string const& network)
{
    return translate([&] { return on_database::enable_network(*db_, network); });
}

std::vector<ban_row> file_administration::list_bans()
{
    return translate([&] { return on_database::list_bans(*db_); });
}

added_ban file_administration::add_ban(new_ban const& ban)
{
    return translate([&] { return on_database::add_ban(*db_, ban); });
}

result<void> file_administration::remove_ban(std::string const& network, std::optional<std::string> const& reason)
{
    return translate([&] { return on_database::remove_ban(*db_, network, reason); });
}

std::vector<invitation_row> file_administration::list_invitations()
{
    return translate([&] { return on_database::list_invitations(*db_); });
}

std::optional<invitation_row> file_administration::add_invitation(new_invitation const& fresh)
{
    return translate([&] { return on_database::add_invitation(*db_, fresh); });
}

result<void> file_administration::remove_invitation(std::int64_t id)
{
    return translate([&] { return on_database::remove_invitation(*db_, id); });
}

result<base::timestamp> file_administration::add_reset(account_id account, code_digest const& code,
                                                       std::chrono::seconds duration)
{
    return translate([&] { return on_database::add_reset(*db_, account, code, duration); });
}

attempt_history file_administration::history_of(std::optional<account_id> account, std::string const& network,
                                                throttle_rules const& rules, base::instant now)
{
    return translate([&] { return sqlite::history_of(*db_, account, network, rules, now); });
}

std::vector<audit_row> file_administration::list_audit(audit_filter const& filter)
{
    return translate([&] { return on_database::list_audit(*db_, filter); });
}

audit_report file_administration::verify_audit(audit_key const& key)
{
    return translate([&] { return on_database::verify_audit(*db_, key); });
}

std::vector<std::string> file_administration::find_damage()
{
    return translate([&] { return on_database::find_damage(*db_); });
}

std::vector<std::string> file_administration::find_faults()
{
    return translate([&] { return on_database::find_faults(*db_); });
}

store_status file_administration::status()
{
    return translate([&] { return on_database::status_of(*db_); });
}

std::vector<applied_migration> file_administration::migrate()
{
    return translate([&] {
        reject_wrong_content(options_, check_depth::schema);
        migration_log log;
        auto const version = db_->integer("PRAGMA user_version");
        sqlite::migrate(*db_, options_.path, migrations(), log);
        begin_new_audit(*db_, version);
        auto steps = on_database::list_migrations(*db_);
        std::erase_if(steps, [&](applied_migration const& step) { return !log.has(step.version); });
        return steps;
    });
}

bool file_administration::back_up(std::filesystem::path const& file, progress const& report)
{
    return translate([&] { return on_database::back_up(*db_, file, report); });
}

}  // namespace porter::detail::store::sqlite::administration
