#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "store/ports.hpp"

namespace porter::testing {

/// A store of tries in front of a real one that fails and counts as a test tells it.
class fragile_tries final : public rooms::store::tries {
public:
    using errc = rooms::store::errc;
    using counted_try = rooms::store::counted_try;
    template <typename T>
    using result = rooms::store::result<T>;

    explicit fragile_tries(rooms::store::tries& real) : real_(real) {}

    bool broken = false;              ///< every operation is unavailable
    bool no_verdict = false;          ///< no failure can be stored
    bool no_give_back = false;        ///< what was counted cannot be given back
    std::size_t begun = 0;            ///< tries that were to be counted
    std::size_t failed = 0;           ///< tries that were to stay counted
    std::size_t given_back = 0;       ///< operations that gave back
    std::size_t most_given_back = 0;  ///< tries that one of them gave back, at most

    task<result<rooms::store::judged_try>> begin(rooms::store::secret_try asked,
                                                 rooms::store::throttle_rules rules) override
    {
        ++begun;
        if (broken) co_return refuse(errc::unavailable);
        auto judged = co_await real_.begin(asked, rules);
        co_return judged;
    }

    task<result<void>> fail(counted_try decided) override
    {
        if (broken || no_verdict) co_return refuse(errc::unavailable);
        ++failed;
        auto done = co_await real_.fail(decided);
        co_return done;
    }

    task<result<void>> give_back(std::vector<counted_try> undecided) override
    {
        if (broken || no_give_back) co_return refuse(errc::unavailable);
        ++given_back;
        most_given_back = std::max(most_given_back, undecided.size());
        auto done = co_await real_.give_back(undecided);
        co_return done;
    }

private:
    rooms::store::tries& real_;
};

}  // namespace porter::testing
