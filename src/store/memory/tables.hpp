#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/records.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store::memory {

struct account_row {
    store::account account;  // its failed_since is that of the history
    access_history history;
    std::set<std::string> networks;                          // from where it was accessed
    std::map<std::string, store::failure_counter> counters;  // by network; "": of all that are not known
};

struct network_failure {
    std::string network;
    base::timestamp at;
    bool is_pending = true;
    std::optional<account_id> account;  // on whose ladder it counts
    std::string counter;                // by what this is called there
    std::int64_t registration = 0;      // of an account that it asks for
};

struct registration {
    std::string network;
    std::string site;
    base::timestamp at;
};

struct session_row {
    store::session session;
    token_digest digest{};
};

struct address_row {
    std::string name;
    std::optional<account_id> account;
    std::string network;
    std::string site;
    base::timestamp last_seen_at;
};

/// All that is stored, under one lock. Whoever uses the maps holds a `use`.
struct tables {
    using watcher = std::function<void(std::span<ended_session const>)>;

    std::mutex watching;  // guards ended, and is held while it is called
    watcher ended;

    std::mutex mutex;  // guards what follows
    bool down = false;
    std::optional<unsigned> left_until_down{};  // operations
    account_id last_account = 0;
    session_id last_session = 0;
    std::map<account_id, account_row> accounts;
    std::map<session_id, session_row> sessions;  // in the order of their opening
    std::map<std::string, address_row> addresses;
    std::int64_t last_failure = 0;
    std::map<std::int64_t, network_failure> failures;
    std::int64_t last_registration = 0;
    std::map<std::int64_t, registration> registrations;
};

/// One operation on the tables: holds their lock, and after it has let go of it tells the watcher of the sessions that
/// it ended.
class operation {
public:
    explicit operation(tables& all) : all_(all), lock_(all.mutex) {}
    ~operation();
    operation(operation const&) = delete;
    operation& operator=(operation const&) = delete;

    bool is_down() noexcept;

    /// The account, or null.
    account_row* account(account_id id);
    account_row* account(std::string const& folded_name);

    /// Adds an account, or null when its name is taken.
    store::account const* add(store::account fresh);

    /// Ends every session for which `dead(row)` is true; how many.
    template <typename Predicate>
    std::size_t end_sessions(std::string_view cause, Predicate dead)
    {
        return std::erase_if(all_.sessions, [&](auto const& entry) {
            bool const ends = dead(entry.second);
            if (ends) note_ended(entry.second.session, cause);
            return ends;
        });
    }

    std::size_t end_sessions_of(account_id id, std::string_view cause)
    {
        return end_sessions(cause, [id](session_row const& row) { return row.session.account == id; });
    }

private:
    void note_ended(store::session const& one, std::string_view cause);

    tables& all_;
    std::unique_lock<std::mutex> lock_;
    std::vector<ended_session> ended_;
};

}  // namespace porter::detail::store::memory
