#include "store/memory/backend.hpp"

#include <utility>

#include "store/memory/accounts.hpp"
#include "store/memory/addresses.hpp"
#include "store/memory/attempts.hpp"
#include "store/memory/sessions.hpp"
#include "store/memory/tables.hpp"

namespace porter::detail::store::memory {

struct backend::parts {
    tables data;
    memory::accounts accounts{data};
    memory::sessions sessions{data};
    memory::addresses addresses{data};
    memory::attempts attempts{data};
};

backend::backend() : parts_(std::make_unique<parts>()) {}

backend::~backend() = default;

store::ports backend::ports() noexcept
{
    return {parts_->accounts, parts_->sessions, parts_->addresses, parts_->attempts};
}

result<account> backend::add(account record)
{
    operation op{parts_->data};
    auto const* const added = op.add(std::move(record));
    if (!added) return unexpected(errc::name_taken);
    return *added;
}

void backend::disable(account_id id, std::optional<base::timestamp> at)
{
    operation op{parts_->data};
    auto* row = op.account(id);
    if (!row) return;
    row->account.disabled_at = at;
    if (at) op.end_sessions_of(id, "account_disabled");
}

void backend::move_end(session_id id, base::timestamp expires_at)
{
    operation op{parts_->data};
    auto const found = parts_->data.sessions.find(id);
    if (found != parts_->data.sessions.end()) found->second.session.expires_at = expires_at;
}

void backend::remove(account_id id)
{
    operation op{parts_->data};
    op.end_sessions_of(id, "account_deleted");
    std::erase_if(parts_->data.addresses, [id](auto const& entry) { return entry.second.account == id; });
    parts_->data.accounts.erase(id);
}

void backend::be_unavailable(bool down)
{
    operation op{parts_->data};
    parts_->data.down = down;
    parts_->data.left_until_down.reset();
}

void backend::be_unavailable_after(unsigned operations)
{
    operation op{parts_->data};
    parts_->data.left_until_down = operations;
}

}  // namespace porter::detail::store::memory
