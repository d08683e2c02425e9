#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/administration.hpp"
#include "store/sqlite/administration/backup.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite::administration {

/// store::administration on a database file, whether porterd runs or not, and what only a file can do. Rejects changes,
/// as unavailable, when the file was replaced at its path since it was opened.
class file_administration final : public store::administration {
public:
    /// Opens an existing file, whose log it does not checkpoint. Throws start_error: bad_data when the file is damaged,
    /// another program's, of a version that is not accepted, or has the log of another file beside it; io when it
    /// cannot be read or is read-only; configuration when its permissions are wrong. Throws administration_error.
    file_administration(options options, database::access mode, accepted_schema schema = accepted_schema::newest);

    /// The path of the file.
    std::string display_name() const override;

    std::vector<account_row> list_accounts() override;
    std::optional<account_row> find_account(std::string const& folded_name) override;
    std::string password_hash_of(account_id id) override;
    void for_each_password_hash(hash_callback const& callback) override;
    result<account_id> add_account(std::string const& name, std::string const& folded_name,
                                   std::string const& password_hash, base::timestamp now) override;
    std::size_t import_accounts(std::vector<imported_account> const& accounts, base::timestamp now) override;
    result<std::size_t> set_password(account_id id, std::string const& password_hash) override;
    result<void> rename_account(account_id id, std::string const& name, std::string const& folded_name) override;
    result<std::size_t> disable_account(account_id id, base::timestamp now) override;
    result<void> enable_account(account_id id) override;
    result<void> delete_account(account_id id) override;
    result<void> remove_second_factor(account_id id) override;
    std::vector<counter_row> list_counters(account_id account) override;

    std::vector<session_row> list_sessions(std::optional<account_id> account) override;
    result<std::string> end_session(session_id id) override;
    std::size_t end_sessions(account_id account) override;
    std::size_t prune_sessions(base::timestamp now, base::timestamp idle_since) override;

    std::vector<address_row> list_addresses() override;
    std::optional<address_row> find_address(std::string const& address) override;
    bool is_identified(std::string const& name) override;
    std::string set_address(std::string const& address, std::string const& name, std::string const& folded_name,
                            base::timestamp now) override;
    result<void> forget_address(std::string const& address) override;

    std::vector<blocked_network> list_blocked_networks(account_id account, throttle_rules const& rules,
                                                       base::instant now) override;
    std::vector<throttled_network> list_throttled_networks(throttle_rules const& rules, std::uint32_t max_registrations,
                                                           base::instant now) override;
    std::size_t enable_network(std::string const& network) override;
    std::vector<ban_row> list_bans() override;
    added_ban add_ban(new_ban const& ban) override;
    result<void> remove_ban(std::string const& network, std::optional<std::string> const& reason) override;
    std::vector<invitation_row> list_invitations() override;
    std::optional<invitation_row> add_invitation(new_invitation const& fresh) override;
    result<void> remove_invitation(std::int64_t id) override;
    result<base::timestamp> add_reset(account_id account, code_digest const& code,
                                      std::chrono::seconds duration) override;
    attempt_history history_of(std::optional<account_id> account, std::string const& network,
                               throttle_rules const& rules, base::instant now) override;

    std::vector<audit_row> list_audit(audit_filter const& filter) override;
    audit_report verify_audit(audit_key const& key) override;

    /// Mostly in SQLite's words. Reads every page, index and text.
    std::vector<std::string> find_damage() override;
    /// Reads every row, and compares the schema with that of the migrations.
    std::vector<std::string> find_faults() override;
    store_status status() override;

    /// As a start of porterd does, after copying the file to one beside it. Throws start_error: cannot_create for the
    /// copy; bad_data; io.
    std::vector<applied_migration> migrate() override;

    /// Copies the database into a new file, as sqlite::administration::back_up() does, which has the result and the
    /// start_error; the schema may be an earlier one. Throws administration_error.
    bool back_up(std::filesystem::path const& file, progress const& report);

private:
    /// Throws administration_error where the operation throws error.
    template <typename Operation>
    auto translate(Operation&& operation);

    options options_;
    std::unique_ptr<database> db_;
};

}  // namespace porter::detail::store::sqlite::administration
