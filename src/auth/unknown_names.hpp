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

/// The ladders of names that no account has, so that they cannot be told from those that one has. In memory, for
/// anybody can make up names, and under digests, for people type passwords as names. Safe from any thread.
class unknown_names {
public:
    using key = std::array<std::byte, 16>;

    /// Of more than `most` names the one that was not tried for longest is forgotten.
    unknown_names(store::throttle_rules const& rules, std::size_t most);

    /// What a name goes by here; another one in every process.
    key key_of(std::string_view name) const;

    struct begin_result {
        store::failure_counter before;  ///< as the try found it
        bool counted;                   ///< false: the failure counter allows no try now
        bool pending;                   ///< others on the failure counter are not decided
    };

    /// Judges a try and counts it where the failure counter allows it, as one.
    begin_result begin(key const& name, base::instant at);

    /// A try that was counted failed.
    void fail(key const& name);

    /// Undoes a try that was counted.
    void rollback(key const& name, base::instant at, base::instant last_before);

private:
    struct entry {
        key name;
        store::failure_counter failures;
        std::uint32_t pending = 0;  // of the counted ones
    };

    store::throttle_rules rules_;
    std::size_t max_size_;
    std::array<unsigned char, 32> salt_;
    std::mutex mutex_;
    std::list<entry> by_age_;  // the latest first
    std::map<key, std::list<entry>::iterator> by_name_;
};

}  // namespace porter::detail::auth
