#pragma once

#include <memory>

#include "store/content.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite::administration {

/// The content of a file, which no other program can open while this object lives. It changes nothing.
class file_content final : public store::content {
public:
    /// Opens an existing file of the newest schema. Throws start_error as file_administration does;
    /// administration_error(unavailable) when another program has it open.
    explicit file_content(options options);

    content_counts counts() override;
    used_ids last_ids() override;
    void read_accounts(std::function<void(content_account const&)> const& receive) override;
    void read_sessions(std::function<void(content_session const&)> const& receive) override;
    void read_addresses(std::function<void(content_address const&)> const& receive) override;
    void read_networks(std::function<void(content_network const&)> const& receive) override;
    void read_counters(std::function<void(content_counter const&)> const& receive) override;
    void read_attempts(std::function<void(content_attempt const&)> const& receive) override;
    void read_registrations(std::function<void(content_registration const&)> const& receive) override;
    void read_bans(std::function<void(ban_row const&)> const& receive) override;
    void read_invitations(std::function<void(content_invitation const&)> const& receive) override;
    void read_resets(std::function<void(content_reset const&)> const& receive) override;
    void read_second_factors(std::function<void(content_second_factor const&)> const& receive) override;
    void read_recovery_codes(std::function<void(content_recovery_code const&)> const& receive) override;

private:
    options const options_;
    std::unique_ptr<database> db_;
};

}  // namespace porter::detail::store::sqlite::administration
