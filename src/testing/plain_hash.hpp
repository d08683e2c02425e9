#pragma once

#include <atomic>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

#include "auth/hash_function.hpp"

namespace porter::testing {

/// Counts and controls a plain_hash from a test.
struct hash_counts {
    std::atomic<std::size_t> made{0};
    std::atomic<std::size_t> verified{0};
    std::atomic<bool> out_of_memory{false};
    std::atomic<bool> held{false};   ///< while true, hashing blocks; set it to false and notify
    std::atomic<int> generation{1};  ///< hashes of another generation are stale

    std::size_t all() const { return made + verified; }
};

/// A hash function that stores passwords in plain text and counts calls: for tests, where Argon2id would take time.
class plain_hash final : public detail::auth::hash_function {
public:
    explicit plain_hash(hash_counts& counts) : counts_(counts) {}

    std::optional<std::string> make(std::string_view password) noexcept override
    {
        ++counts_.made;
        counts_.held.wait(true);
        if (counts_.out_of_memory) return std::nullopt;
        return prefix() + std::string{password};
    }

    verify_result verify(std::string const& stored, std::string_view password) noexcept override
    {
        auto const colon = stored.find(':');
        if (!cost_of(stored)) return verify_result::unreadable;
        ++counts_.verified;
        counts_.held.wait(true);
        if (counts_.out_of_memory) return verify_result::failed;
        return stored.substr(colon + 1) == password ? verify_result::match : verify_result::mismatch;
    }

    /// Each generation has its own cost.
    detail::base::hash_cost cost() const noexcept override { return *cost_of(prefix()); }

    std::optional<detail::base::hash_cost> cost_of(std::string_view stored) const noexcept override
    {
        auto const colon = stored.find(':');
        if (!stored.starts_with("plain") || colon == std::string_view::npos) return std::nullopt;
        detail::base::hash_cost cost{8, 0};
        std::from_chars(stored.data() + 5, stored.data() + colon, cost.passes);
        return cost;
    }

    std::string dummy_hash(detail::base::hash_cost const& cost) const override
    {
        return "plain" + std::to_string(cost.passes) + ":\n";  // no password contains a line feed
    }

private:
    std::string prefix() const { return "plain" + std::to_string(counts_.generation) + ":"; }

    hash_counts& counts_;
};

}  // namespace porter::testing
