#include "identity/directory.hpp"

#include <utility>

#include "base/text.hpp"
#include "store/unavailable.hpp"

namespace porter::detail::identity {

directory::directory(store::addresses& addresses, base::clock const& clock, log::logger& log)
    : addresses_(addresses), clock_(clock), log_(log)
{}

task<claim> directory::lookup(address from)
{
    auto found = co_await addresses_.name_of(from.text());
    if (!found) log_.with(from).warn("address_lookup_failed");
    std::string name;
    if (found && *found) name = std::move(**found);
    co_return claim{std::move(from), std::move(name)};
}

task<result<claim>> directory::set_name(address from, std::string name)
{
    auto valid = base::normalise_new_name(name);
    if (!valid) co_return unexpected(error{code::invalid_name, valid.error()});
    auto const recorded = co_await addresses_.record(from.text(), from.network(), *valid, std::nullopt, clock_.now());
    if (!recorded) {
        log_.with(from).warn("address_not_recorded");
        co_return unexpected(store::unavailable());
    }
    log_.with(from).info("identified", {log::quoted("name", *valid)});
    co_return claim{std::move(from), std::move(*valid)};
}

task<void> directory::record_login(address from, std::string name, store::account_id account)
{
    auto const recorded = co_await addresses_.record(from.text(), from.network(), name, account, clock_.now());
    if (!recorded) log_.with(from).warn("address_not_recorded");
}

}  // namespace porter::detail::identity
