#include "porter/testing/memory_store.hpp"

#include <mutex>
#include <utility>

#include "store/memory/access_codes.hpp"
#include "store/memory/accounts.hpp"
#include "store/memory/addresses.hpp"
#include "store/memory/attempts.hpp"
#include "store/memory/bans.hpp"
#include "store/memory/second_factors.hpp"
#include "store/memory/sessions.hpp"
#include "store/memory/tables.hpp"

namespace porter::testing {

namespace memory = detail::store::memory;

struct memory_store::tables : memory::tables {
    memory::accounts accounts_port{*this};
    memory::sessions sessions_port{*this};
    memory::addresses addresses_port{*this};
    memory::attempts attempts_port{*this};
    memory::bans bans_port{*this};
    memory::access_codes codes_port{*this};
    memory::second_factors second_factors_port{*this};
};

memory_store::memory_store() : tables_(std::make_unique<tables>()) {}

memory_store::~memory_store() = default;

store::ports memory_store::ports() noexcept
{
    store::ports all{tables_->accounts_port, tables_->sessions_port, tables_->addresses_port, tables_->attempts_port};
    all.bans = &tables_->bans_port;
    all.codes = &tables_->codes_port;
    all.second_factors = &tables_->second_factors_port;
    return all;
}

store::result<store::account> memory_store::add(store::account record)
{
    memory::operation op{*tables_};
    auto const* const added = op.add(std::move(record));
    if (!added) return unexpected(store::errc::name_taken);
    return *added;
}

void memory_store::disable(store::account_id id, std::optional<timestamp> at)
{
    memory::operation op{*tables_};
    auto* row = op.account(id);
    if (!row) return;
    row->account.disabled_at = at;
    if (at) op.end_sessions_of(id, "account_disabled");
}

void memory_store::set_expiry(store::session_id id, timestamp expires_at)
{
    memory::operation op{*tables_};
    auto const found = tables_->sessions.find(id);
    if (found != tables_->sessions.end()) found->second.session.expires_at = expires_at;
}

void memory_store::remove(store::account_id id)
{
    memory::operation op{*tables_};
    op.end_sessions_of(id, "account_deleted");
    std::erase_if(tables_->resets, [id](store::password_reset const& each) { return each.account == id; });
    std::erase_if(tables_->addresses, [id](auto const& entry) { return entry.second.account == id; });
    tables_->accounts.erase(id);
}

void memory_store::add(store::invitation record)
{
    memory::operation const op{*tables_};
    tables_->invitations.push_back({std::move(record), 0});
}

void memory_store::add(store::password_reset record)
{
    memory::operation const op{*tables_};
    std::erase_if(tables_->resets, [&](store::password_reset const& each) { return each.account == record.account; });
    tables_->resets.push_back(record);
}

void memory_store::set_unavailable(bool unavailable)
{
    memory::operation op{*tables_};
    tables_->down = unavailable;
    tables_->left_until_down.reset();
}

void memory_store::set_unavailable_after(unsigned operations)
{
    memory::operation op{*tables_};
    tables_->left_until_down = operations;
}

void memory_store::set_partitioned(bool partitioned)
{
    std::lock_guard const lock{tables_->watching};
    if (std::exchange(tables_->is_partitioned, partitioned) == partitioned) return;
    auto const& changed = partitioned ? tables_->watch.on_partitioned : tables_->watch.on_rejoined;
    if (changed) changed();
}

void memory_store::set_bans(std::vector<store::ban> bans)
{
    std::lock_guard const lock{tables_->watching};
    tables_->bans = std::move(bans);
    if (tables_->ban_watch) tables_->ban_watch(tables_->bans);
}

}  // namespace porter::testing
