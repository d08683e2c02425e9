#pragma once

#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

/// A counted try succeeded: it is undone, with those before it on its counter.
void undo_verified_attempt(operation& now, tables& all, counted_attempt const& proved);

class attempts final : public store::attempts {
public:
    explicit attempts(tables& all) : all_(all) {}

    task<result<attempt_result>> begin(secret_attempt asked, throttle_rules rules) override;
    task<result<void>> fail(counted_attempt decided) override;
    task<result<void>> rollback(std::vector<counted_attempt> undecided) override;

private:
    tables& all_;
};

}  // namespace porter::detail::store::memory
