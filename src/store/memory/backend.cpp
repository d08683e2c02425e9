#include "store/memory/backend.hpp"

#include <utility>

#include "store/memory/accounts.hpp"
#include "store/memory/addresses.hpp"
#include "store/memory/attempts.hpp"
#include "store/memory/sessions.hpp"
#include "store/memory/tables.hpp"

namespace porter::detail::store::memory {

struct backend::parts {
    tables all;
    memory::accounts accounts{all};
    memory::sessions sessions{all};
    memory::addresses addresses{all};
    memory::attempts attempts{all};
};

backend::backend() : parts_(std::make_unique<parts>()) {}

backend::~backend() = default;

store::ports backend::ports() noexcept
{
    return {parts_->accounts, parts_->sessions, parts_->addresses, parts_->attempts};
}

result<account> backend::add(account fresh)
{
    operation now{parts_->all};
    auto const* const added = now.add(std::move(fresh));
    if (!added) return unexpected(errc::name_taken);
    return *added;
}

void backend::disable(account_id id, std::optional<base::timestamp> at)
{
    operation now{parts_->all};
    auto* row = now.account(id);
    if (!row) return;
    row->account.disabled_at = at;
    if (at) now.end_sessions_of(id, "account_disabled");
}

void backend::move_end(session_id id, base::timestamp expires_at)
{
    operation now{parts_->all};
    auto const found = parts_->all.sessions.find(id);
    if (found != parts_->all.sessions.end()) found->second.session.expires_at = expires_at;
}

void backend::remove(account_id id)
{
    operation now{parts_->all};
    now.end_sessions_of(id, "account_deleted");
    std::erase_if(parts_->all.addresses, [id](auto const& entry) { return entry.second.account == id; });
    parts_->all.accounts.erase(id);
}

void backend::be_unavailable(bool down)
{
    operation now{parts_->all};
    parts_->all.down = down;
    parts_->all.left_until_down.reset();
}

void backend::be_unavailable_after(unsigned operations)
{
    operation now{parts_->all};
    parts_->all.left_until_down = operations;
}

}  // namespace porter::detail::store::memory
