#pragma once

#include "porter/result.hpp"
#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

/// Records the name of an address and deletes the oldest addresses beyond the limits.
void record_address(tables& data, std::string const& address, std::string const& network, std::string const& name,
                    std::optional<account_id> account, base::timestamp at);

class addresses final : public store::addresses {
public:
    explicit addresses(tables& data) : data_(data) {}

    task<result<std::optional<std::string>>> name_of(std::string address) override;
    task<result<void>> record(std::string address, std::string network, std::string name,
                              std::optional<account_id> account, base::timestamp at) override;

private:
    tables& data_;
};

}  // namespace porter::detail::store::memory
