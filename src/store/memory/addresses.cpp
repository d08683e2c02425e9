#include "store/memory/addresses.hpp"

namespace porter::rooms::store::memory {

task<result<std::optional<std::string>>> addresses::name_of(std::string address)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    auto const found = all_.addresses.find(address);
    if (found == all_.addresses.end()) co_return std::optional<std::string>{};
    co_return std::optional{found->second.name};
}

task<result<void>> addresses::record(std::string address, std::string network, std::string name,
                                     std::optional<account_id> account, base::timestamp)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    auto* const owner = account ? now.account(*account) : nullptr;
    if (account && owner == nullptr) co_return result<void>{};
    all_.addresses[address] = address_row{name, account};
    if (owner != nullptr) owner->networks.insert(network);
    co_return result<void>{};
}

}  // namespace porter::rooms::store::memory
