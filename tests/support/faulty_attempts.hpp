#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "porter/result.hpp"
#include "store/ports.hpp"

namespace porter::testing {

/// Wraps a store of attempts; a test makes its operations fail, and counts them.
class faulty_attempts final : public detail::store::attempts {
public:
    using errc = detail::store::errc;
    using counted_attempt = detail::store::counted_attempt;
    template <typename T>
    using result = detail::store::result<T>;

    explicit faulty_attempts(detail::store::attempts& real) : real_(real) {}

    bool broken = false;              ///< every operation is unavailable
    bool broken_fail = false;         ///< `fail` is unavailable
    bool broken_rollback = false;     ///< `rollback` is unavailable
    std::size_t started = 0;          ///< calls of `begin`
    std::size_t failed = 0;           ///< calls of `fail` that were passed on
    std::size_t rolled_back = 0;      ///< calls of `rollback` that were passed on
    std::size_t max_rolled_back = 0;  ///< the most attempts in one of them

    task<result<detail::store::attempt_result>> begin(detail::store::secret_attempt attempt,
                                                      detail::store::throttle_rules rules) override
    {
        ++started;
        if (broken) co_return unexpected(errc::unavailable);
        auto counted = co_await real_.begin(attempt, rules);
        co_return counted;
    }

    task<result<void>> fail(counted_attempt attempt) override
    {
        if (broken || broken_fail) co_return unexpected(errc::unavailable);
        ++failed;
        auto done = co_await real_.fail(attempt);
        co_return done;
    }

    task<result<void>> rollback(std::vector<counted_attempt> pending) override
    {
        if (broken || broken_rollback) co_return unexpected(errc::unavailable);
        ++rolled_back;
        max_rolled_back = std::max(max_rolled_back, pending.size());
        auto done = co_await real_.rollback(pending);
        co_return done;
    }

private:
    detail::store::attempts& real_;
};

}  // namespace porter::testing
