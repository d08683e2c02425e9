#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/argon2id.hpp"
#include "auth/foreign_hash.hpp"
#include "auth/hash_function.hpp"
#include "porter/result.hpp"

namespace porter::detail::auth {

/// What the hash of an account may be. New ones are Argon2id by libsodium. That of an imported account is a hash of
/// another program until its first login: as it was, or, if its function is_weak(), Argon2id over the digest:
/// "$wrapped" argon2id-hash "$" function. What is not Argon2id by libsodium is always stale.
class stored_hash final : public hash_function {
public:
    /// Throws like argon2id.
    stored_hash(std::size_t memory, std::uint32_t passes) : own_(memory, passes) {}

    std::optional<std::string> make(std::string_view password) noexcept override { return own_.make(password); }
    verify_result verify(std::string const& stored, std::string_view password) noexcept override;
    base::hash_cost cost() const noexcept override { return own_.cost(); }
    /// The cost of the Argon2id in it; none also for a readable hash of another function.
    std::optional<base::hash_cost> cost_of(std::string_view stored) const noexcept override;
    std::string dummy_hash(base::hash_cost const& cost) const override { return own_.dummy_hash(cost); }
    bool is_stale(std::string_view stored) const noexcept override;

    /// Whether verify() can read the stored text and computes its cost. Fast. Throws std::bad_alloc.
    static bool is_readable(std::string_view stored);

    /// The text to store for a hash of read_imported_hash(); none: no memory. Slow if it is weak. Safe from
    /// any thread.
    std::optional<std::string> adopt(foreign_hash const& hash);

private:
    argon2id own_;
};

/// Reads a hash that is to be imported: one of read_foreign_hash(), or what an account of another porterd has. Argon2
/// may cost 256 MiB and 1 GiB of work, or `most`, if that is more. Errors: see read_foreign_hash(). Throws
/// std::bad_alloc.
result<foreign_hash, std::string_view> read_imported_hash(std::string_view text, base::hash_cost const& most);

}  // namespace porter::detail::auth
