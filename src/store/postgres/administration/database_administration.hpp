#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/administration.hpp"
#include "store/postgres/administration/blocking_connection.hpp"
#include "store/postgres/administration/cluster_status.hpp"
#include "store/postgres/options.hpp"

namespace porter::detail::store::postgres::administration {

/// store::administration on a PostgreSQL database, from any machine that reaches it. Each change is one segment, which
/// locks rows in the same order as porterd's, and is sent again when its answer was lost: a second one does no harm.
class database_administration final : public store::administration {
public:
    /// Connects to the primary. Throws start_error: unavailable when it cannot be reached; bad_data when the schema is
    /// not accepted; configuration when the login, the role or the encoding is wrong. Throws administration_error.
    explicit database_administration(options options, accepted_schema schema = accepted_schema::newest);

    /// The URL without its parameters.
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
    /// At a name that no account has, porterd counts failures by a digest whose key it alone has: they are not here.
    attempt_history history_of(std::optional<account_id> account, std::string const& network,
                               throttle_rules const& rules, base::instant now) override;

    std::vector<audit_row> list_audit(audit_filter const& filter) override;
    audit_report verify_audit(audit_key const& key) override;

    /// What PostgreSQL has found when it read pages, if the cluster has checksums.
    std::vector<std::string> find_damage() override;
    /// Reads every account, and compares the names of the schema's objects with those of the migrations.
    std::vector<std::string> find_faults() override;
    store_status status() override;

    /// As porter_owner, of which the role is a member. Throws start_error: configuration when it is not; bad_data.
    std::vector<applied_migration> migrate() override;

    /// The servers and the programs that use them.
    cluster_status read_cluster();

private:
    blocking_connection db_;
};

}  // namespace porter::detail::store::postgres::administration
