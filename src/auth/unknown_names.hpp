#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string_view>

#include "base/clock.hpp"
#include "store/throttle.hpp"

namespace porter::detail::auth {

/// The failure counters of names that no account has, so that they behave like those of accounts. In memory, because
/// any client can make up names, and by digest, because users type passwords as names. Safe from any thread.
class unknown_names {
public:
    using key = std::array<std::byte, 16>;

    /// Beyond `max_size` names the one whose last attempt is oldest is dropped.
    unknown_names(store::throttle_rules const& rules, std::size_t max_size);

    /// The key of a name, different in every process.
    key key_of(std::string_view name) const;

    struct begin_result {
        store::failure_counter before;  ///< before this attempt
        bool counted;                   ///< false: the failure counter denies it
        bool pending;                   ///< other attempts at the name are pending
    };

    /// Decides on an attempt and counts it if it is allowed.
    begin_result begin(key const& name, base::instant at);

    /// A counted attempt failed.
    void fail(key const& name);

    /// Undoes a counted attempt.
    void rollback(key const& name, base::instant at, base::instant last_before);

private:
    struct entry {
        key name;
        store::failure_counter failures;
        std::uint32_t pending = 0;  // attempts
    };

    store::throttle_rules rules_;
    std::size_t max_size_;
    std::array<unsigned char, 32> salt_;
    std::mutex mutex_;
    std::list<entry> by_age_;  // latest first
    std::map<key, std::list<entry>::iterator> by_name_;
};

}  // namespace porter::detail::auth
