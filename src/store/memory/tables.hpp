#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/ports.hpp"
#include "store/records.hpp"
#include "store/throttle.hpp"
#include "store/unknown_names.hpp"

namespace porter::detail::store::memory {

struct second_factor_row {
    std::string sealed_secret;
    std::int64_t last_step = 0;
    attempt_id last_use = 0;
    std::map<token_digest, attempt_id> recovery_codes;  // the attempt that used it; 0: it is unused
};

struct account_row {
    store::account account;  // failed_since stands in the history
    access_history history;
    std::set<std::string> networks;                          // known ones: it was accessed from there
    std::map<std::string, store::failure_counter> counters;  // by known network; "": of all others
    std::optional<second_factor_row> second_factor;
};

struct network_failure {
    base::timestamp at;
    counted_attempt counted;
    bool is_pending = true;
};

struct registration {
    std::string network;
    std::string site;
    base::timestamp at;
};

struct session_row {
    store::session session;
    token_digest digest{};
    access_history before;  // of the account, when the session was opened
};

struct invitation_row {
    store::invitation invitation;
    std::uint32_t used = 0;
};

struct address_row {
    std::string name;
    std::optional<account_id> account;
    std::string network;
    std::string site;
    base::timestamp last_seen_at;
};

/// All that is stored. Accessed only through an `operation`, which holds the lock.
struct tables {
    std::mutex watching;  // guards the next four and is held while a watch is called
    session_watch watch;
    bool is_partitioned = false;
    store::ban_watch ban_watch;
    std::vector<ban> bans;

    std::mutex mutex;  // guards the members below
    bool down = false;
    std::optional<unsigned> left_until_down{};  // counted in operations
    account_id last_account = 0;
    session_id last_session = 0;
    std::map<account_id, account_row> accounts;
    std::map<session_id, session_row> sessions;  // oldest first
    std::map<std::string, address_row> addresses;
    std::vector<invitation_row> invitations;
    std::vector<password_reset> resets;  // at most one of an account
    std::map<attempt_id, network_failure> failures;
    store::unknown_names unknown_names;
    std::int64_t last_registration = 0;
    std::map<std::int64_t, registration> registrations;
};

/// One operation on the tables: holds their lock, and calls the watcher with the sessions that it ended after it has
/// released the lock.
class operation {
public:
    explicit operation(tables& data) : data_(data), lock_(data.mutex) {}
    ~operation();
    operation(operation const&) = delete;
    operation& operator=(operation const&) = delete;

    bool is_down() noexcept;

    /// The account, or null.
    account_row* account(account_id id);
    account_row* account(std::string const& folded_name);

    /// Adds an account, or null when its name is taken.
    store::account const* add(store::account record);

    /// Ends every session for which `is_over(row)` is true. Returns their number.
    template <typename Predicate>
    std::size_t end_sessions(std::string_view cause, Predicate is_over)
    {
        return std::erase_if(data_.sessions, [&](auto const& entry) {
            bool const ends = is_over(entry.second);
            if (ends) note_ended(entry.second.session, cause);
            return ends;
        });
    }

    std::size_t end_sessions_of(account_id id, std::string_view cause)
    {
        return end_sessions(cause, [id](session_row const& row) { return row.session.account == id; });
    }

private:
    void note_ended(store::session const& session, std::string_view cause);

    tables& data_;
    std::unique_lock<std::mutex> lock_;
    std::vector<ended_session> ended_;
};

}  // namespace porter::detail::store::memory
