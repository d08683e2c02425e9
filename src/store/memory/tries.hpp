#pragma once

#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::rooms::store::memory {

/// A counted try succeeded: it is undone, with those before it on its ladder.
void undo_proved_try(operation& now, tables& all, counted_try const& proved);

class tries final : public store::tries {
public:
    explicit tries(tables& all) : all_(all) {}

    task<result<judged_try>> begin(secret_try asked, throttle_rules rules) override;
    task<result<void>> fail(counted_try decided) override;
    task<result<void>> give_back(std::vector<counted_try> undecided) override;

private:
    tables& all_;
};

}  // namespace porter::rooms::store::memory
