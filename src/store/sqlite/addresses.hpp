#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

/// Records the name of an address and deletes the oldest addresses beyond limits.hpp, within a transaction of the
/// caller. May throw error.
void record_address(database& db, std::string const& address, std::string const& network, std::string const& name,
                    std::optional<account_id> account, base::timestamp at);

class addresses final : public store::addresses {
public:
    addresses(job_queue& read_queue, job_queue& write_queue) : read_queue_(read_queue), write_queue_(write_queue) {}

    task<result<std::optional<std::string>>> name_of(std::string address) override;
    task<result<void>> record(std::string address, std::string network, std::string name,
                              std::optional<account_id> account, base::timestamp at) override;

private:
    job_queue& read_queue_;
    job_queue& write_queue_;
};

}  // namespace porter::detail::store::sqlite
