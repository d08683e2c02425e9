#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/hash_function.hpp"

namespace porter::detail::auth {

/// Argon2id by libsodium (RFC 9106; OWASP: at least 19 MiB and 2 passes).
class argon2id final : public hash_function {
public:
    /// `memory`, in bytes, and `passes` of one hash. Throws start_error when libsodium cannot be initialised or the
    /// cost is beyond the bounds of base/hash_cost.hpp.
    argon2id(std::size_t memory, std::uint32_t passes);

    std::optional<std::string> make(std::string_view password) noexcept override;
    verify_result verify(std::string const& stored, std::string_view password) noexcept override;
    base::hash_cost cost() const noexcept override { return cost_; }
    std::optional<base::hash_cost> cost_of(std::string_view stored) const noexcept override;
    std::string dummy_hash(base::hash_cost const& cost) const override;

    /// Whether verify() can read the stored text and computes its cost; otherwise no password matches it.
    static bool is_readable(std::string_view stored) noexcept;

private:
    base::hash_cost cost_;
};

}  // namespace porter::detail::auth
