#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "store/ports.hpp"

namespace porter::testing {

/// A store of tries in front of a real one that fails and counts as a test tells it.
class faulty_attempts final : public detail::store::attempts {
public:
    using errc = detail::store::errc;
    using counted_try = detail::store::counted_attempt;
    template <typename T>
    using result = detail::store::result<T>;

    explicit faulty_attempts(detail::store::attempts& real) : real_(real) {}

    bool broken = false;              ///< every operation is unavailable
    bool broken_fail = false;         ///< no failure can be stored
    bool broken_rollback = false;     ///< what was counted cannot be given back
    std::size_t started = 0;          ///< tries that were to be counted
    std::size_t failed = 0;           ///< tries that were to stay counted
    std::size_t rolled_back = 0;      ///< operations that gave back
    std::size_t max_rolled_back = 0;  ///< tries that one of them gave back, at most

    task<result<detail::store::attempt_result>> begin(detail::store::secret_attempt asked,
                                                      detail::store::throttle_rules rules) override
    {
        ++started;
        if (broken) co_return unexpected(errc::unavailable);
        auto judged = co_await real_.begin(asked, rules);
        co_return judged;
    }

    task<result<void>> fail(counted_try decided) override
    {
        if (broken || broken_fail) co_return unexpected(errc::unavailable);
        ++failed;
        auto done = co_await real_.fail(decided);
        co_return done;
    }

    task<result<void>> rollback(std::vector<counted_try> undecided) override
    {
        if (broken || broken_rollback) co_return unexpected(errc::unavailable);
        ++rolled_back;
        max_rolled_back = std::max(max_rolled_back, undecided.size());
        auto done = co_await real_.rollback(undecided);
        co_return done;
    }

private:
    detail::store::attempts& real_;
};

}  // namespace porter::testing
