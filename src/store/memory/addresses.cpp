#include "store/memory/addresses.hpp"

#include <algorithm>

#include "base/network.hpp"
#include "store/limits.hpp"

namespace porter::detail::store::memory {

namespace {

/// Of the addresses for which `belongs(row)` holds, keeps the `most` that were seen last.
template <typename Predicate>
void keep_newest(tables& data, std::size_t most, Predicate belongs)
{
    auto const is_one = [&](auto const& entry) { return belongs(entry.second); };
    while (static_cast<std::size_t>(std::ranges::count_if(data.addresses, is_one)) > most) {
        auto oldest = data.addresses.end();
        for (auto each = data.addresses.begin(); each != data.addresses.end(); ++each) {
            if (!is_one(*each)) continue;
            if (oldest == data.addresses.end() || each->second.last_seen_at < oldest->second.last_seen_at)
                oldest = each;
        }
        data.addresses.erase(oldest);
    }
}

}  // namespace

void record_address(tables& data, std::string const& address, std::string const& network, std::string const& name,
                    std::optional<account_id> account, base::timestamp at)
{
    auto const [found, is_new] = data.addresses.try_emplace(address);
    auto& row = found->second;
    row = {name, account, network, base::site_of(network), std::max(row.last_seen_at, at)};
    if (!is_new) return;
    keep_newest(data, addresses_per_network, [network](address_row const& each) { return each.network == network; });
    keep_newest(data, addresses_per_site, [site = row.site](address_row const& each) { return each.site == site; });
    if (data.addresses.size() > most_addresses)
        keep_newest(data, most_addresses, [](address_row const&) { return true; });
}

task<result<std::optional<std::string>>> addresses::name_of(std::string address)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto const found = data_.addresses.find(address);
    if (found == data_.addresses.end()) co_return std::optional<std::string>{};
    co_return std::optional{found->second.name};
}

task<result<void>> addresses::record(std::string address, std::string network, std::string name,
                                     std::optional<account_id> account, base::timestamp at)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto* const owner = account ? op.account(*account) : nullptr;
    if (account && owner == nullptr) co_return result<void>{};
    record_address(data_, address, network, name, account, at);
    if (owner != nullptr) owner->networks.insert(network);
    co_return result<void>{};
}

}  // namespace porter::detail::store::memory
