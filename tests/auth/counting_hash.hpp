#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/argon2id.hpp"

namespace porter::testing {

/// The costs of the computed hashes, in order, and the current parameters.
class computations {
public:
    /// The costs since the last call.
    std::vector<detail::base::hash_cost> take()
    {
        std::lock_guard const lock{mutex_};
        return std::exchange(computed_, {});
    }
    void add(detail::base::hash_cost const& cost)
    {
        std::lock_guard const lock{mutex_};
        computed_.push_back(cost);
    }

    /// Changes the parameters as a restart with other options does; not during a computation.
    void set_current(detail::base::hash_cost const& cost)
    {
        current = std::make_unique<detail::auth::argon2id>(std::size_t{cost.memory_kib} * 1024, cost.passes);
    }

    std::unique_ptr<detail::auth::argon2id> current;
    std::optional<detail::base::hash_cost> without_memory;  ///< the cost of hashes that fail

private:
    std::mutex mutex_;
    std::vector<detail::base::hash_cost> computed_;
};

/// Argon2id that records the cost of each computation.
class counting_hash final : public detail::auth::hash_function {
public:
    explicit counting_hash(computations& counts) : counts_(counts) {}

    std::optional<std::string> make(std::string_view password) noexcept override
    {
        counts_.add(cost());
        return counts_.current->make(password);
    }
    verify_result verify(std::string const& stored, std::string_view password) noexcept override
    {
        auto const cost = cost_of(stored);
        if (cost) counts_.add(*cost);
        if (cost && cost == counts_.without_memory) return verify_result::failed;
        return counts_.current->verify(stored, password);
    }
    detail::base::hash_cost cost() const noexcept override { return counts_.current->cost(); }
    std::optional<detail::base::hash_cost> cost_of(std::string_view stored) const noexcept override
    {
        return counts_.current->cost_of(stored);
    }
    std::string dummy_hash(detail::base::hash_cost const& cost) const override
    {
        return counts_.current->dummy_hash(cost);
    }

private:
    computations& counts_;
};

}  // namespace porter::testing
