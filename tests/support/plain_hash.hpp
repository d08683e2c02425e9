#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "auth/hash_function.hpp"

namespace porter::testing {

/// What a test sees and says of the hashing underneath.
struct hash_counts {
    std::atomic<std::size_t> made{0};
    std::atomic<std::size_t> verified{0};
    std::atomic<bool> out_of_memory{false};
    std::atomic<bool> held{false};   ///< a hash that is asked for is not done before this is false and was notified
    std::atomic<int> generation{1};  ///< hashes of another generation are stale

    std::size_t all() const { return made + verified; }
};

/// A hash function that costs nothing, hides nothing and counts: for tests that are not about Argon2id.
class plain_hash final : public rooms::auth::hash_function {
public:
    explicit plain_hash(hash_counts& counts) : counts_(counts) {}

    std::optional<std::string> make(std::string_view password) noexcept override
    {
        ++counts_.made;
        counts_.held.wait(true);
        if (counts_.out_of_memory) return std::nullopt;
        return prefix() + std::string{password};
    }

    verdict verify(std::string const& stored, std::string_view password) noexcept override
    {
        auto const colon = stored.find(':');
        if (!stored.starts_with("plain") || colon == std::string::npos) return verdict::unreadable;
        ++counts_.verified;
        counts_.held.wait(true);
        if (counts_.out_of_memory) return verdict::failed;
        return stored.substr(colon + 1) == password ? verdict::match : verdict::mismatch;
    }

    bool is_stale(std::string const& stored) const noexcept override { return !stored.starts_with(prefix()); }

private:
    std::string prefix() const { return "plain" + std::to_string(counts_.generation) + ":"; }

    hash_counts& counts_;
};

}  // namespace porter::testing
