#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/keyed_digest.hpp"
#include "store/records.hpp"

/// The rows that say who changed what, and the chain of seals that shows whether one was changed or cut away.
namespace porter::detail::store {

/// Of the seals; not in the store.
using audit_key = base::digest_key;

/// A change: its texts have no secret.
struct audit_row {
    std::int64_t id = 0;
    base::timestamp at{};
    std::string actor;  ///< user (the account's own), porterd, or 'porterctl NAME' and 'shell' with what is known
    std::string action;
    std::optional<store::account_id> account_id;
    std::string account;      ///< its name at that time; empty: it concerns no account
    std::string object;       ///< such as a session, an address or a network; or empty
    std::string before;       ///< such as name='Alice' state=enabled, with texts as SQL quotes them; or empty
    std::string after;        ///< likewise
    std::int64_t number = 0;  ///< its place in the chain, from 1 on; 0: it is not sealed
    std::string seal = {};    ///< 32 bytes; empty: it is not sealed
};

/// The end of the chain, and where it begins since old rows were deleted.
struct audit_head {
    std::int64_t pruned_number = 0;  ///< of the last deleted row; 0: none was
    std::string pruned_seal;         ///< 32 bytes
    std::int64_t last_id = 0;        ///< of the last sealed row, where rows are sealed in the order of ids; otherwise 0
    std::int64_t last_number = 0;    ///< of the last sealed row
    std::string last_seal;           ///< 32 bytes
    std::string tag;                 ///< of the others, 32 bytes; empty: the chain was not begun
};

/// The head of a chain without rows.
audit_head new_audit_head(audit_key const& key);

/// Sets the tag of a changed head.
void sign(audit_head& head, audit_key const& key);

/// Whether the owner of the key has signed this head.
bool is_signed(audit_head const& head, audit_key const& key);

/// Gives the row the next number and its seal, and makes it the last one of the head, which is to be signed after that.
void seal(audit_row& row, audit_head& head, audit_key const& key);

/// What the check of a chain found.
struct audit_report {
    std::uint64_t sealed = 0;         ///< rows
    std::uint64_t unsealed = 0;       ///< rows that may still be changed without a trace
    std::vector<std::string> faults;  ///< a line each, which names the row
    std::int64_t last_number = 0;     ///< of the head
    std::string last_seal;            ///< of the head: the first half, in hexadecimal digits, as porterd logs it
};

/// Checks the rows of a chain, which it gets one after the other.
class audit_verifier {
public:
    audit_verifier(audit_head head, audit_key const& key);

    /// The next row: sealed ones in the order of their numbers.
    void check(audit_row const& row);

    /// After the last row.
    audit_report finish();

private:
    void check_number(audit_row const& row);

    audit_head head_;
    audit_key key_;
    audit_report report_;
    std::int64_t number_;     // of the row before
    std::string seal_;        // of the row before
    std::int64_t id_ = 0;     // of the row before; 0: none
    bool is_known_ = true;    // the seal of the row before
    bool is_genuine_ = true;  // the head
};

/// The first half of a seal in hexadecimal digits, to compare the log with.
std::string short_seal(std::string const& seal);

/// Which rows of the audit are listed.
struct audit_filter {
    std::optional<base::timestamp> since = {};
    std::optional<store::account_id> account_id = {};  ///< of an account that exists
    std::string account = {};                          ///< or had this name at that time; empty: of any account
};

}  // namespace porter::detail::store
