#pragma once

#include "porter/result.hpp"
#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

/// Undoes an attempt that succeeded, and resets its failure counter.
void undo_verified_attempt(operation& op, tables& data, counted_attempt const& attempt);

class attempts final : public store::attempts {
public:
    explicit attempts(tables& data) : data_(data) {}

    task<result<attempt_result>> begin(secret_attempt attempt, throttle_rules rules) override;
    task<result<void>> fail(counted_attempt attempt) override;
    task<result<void>> rollback(std::vector<counted_attempt> pending) override;

private:
    tables& data_;
};

}  // namespace porter::detail::store::memory
