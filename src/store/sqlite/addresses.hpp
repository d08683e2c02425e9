#pragma once

#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

/// Records that `name` was at this address, and forgets the oldest addresses beyond limits.hpp, as a part of a
/// transaction. May throw failure.
void record_address(database& db, std::string const& address, std::string const& network, std::string const& name,
                    std::optional<account_id> account, base::timestamp at);

class addresses final : public store::addresses {
public:
    addresses(job_queue& look_ups, job_queue& writes) : reader_(look_ups), writes_(writes) {}

    task<result<std::optional<std::string>>> name_of(std::string address) override;
    task<result<void>> record(std::string address, std::string network, std::string name,
                              std::optional<account_id> account, base::timestamp at) override;

private:
    job_queue& reader_;
    job_queue& writes_;
};

}  // namespace porter::detail::store::sqlite
