#pragma once

#include <string>

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/postgres/resolving.hpp"

namespace porter::detail::store::postgres {

/// An address in the columns of its table.
struct address_key {
    /// `network`: of the address, the unit of limits.
    address_key(std::string const& address, std::string const& network);

    std::string address;
    std::string network;  ///< empty: an IPv4 address, which is its own network
    std::string site;     ///< likewise

    bool is_one_of_many() const noexcept { return !network.empty(); }
};

/// Adds the statements that delete the addresses of the network and of the site beyond their limits, those seen longest
/// ago. They do nothing unless the address was first seen at this time.
void delete_oldest_of_network(segment& work, address_key const& key, base::timestamp at);

/// Deletes the addresses beyond the limit for all, those seen longest ago. Costs a look at the whole index.
task<result<void>> delete_oldest_addresses(resolver& by);

class addresses final : public store::addresses {
public:
    /// `by` outlives it.
    explicit addresses(resolver& by) : resolver_(by) {}

    task<result<std::optional<std::string>>> name_of(std::string address) override;
    task<result<void>> record(std::string address, std::string network, std::string name,
                              std::optional<account_id> account, base::timestamp at) override;

private:
    resolver& resolver_;
};

}  // namespace porter::detail::store::postgres
