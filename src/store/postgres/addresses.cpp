#include "store/postgres/addresses.hpp"

#include <utility>
#include <vector>

#include "base/network.hpp"
#include "store/limits.hpp"
#include "store/postgres/known_networks.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres {

namespace {

using results = std::vector<result_set>;

constexpr char const* find_name = "SELECT name FROM addresses WHERE address = $1";

// While it is locked, the account is not deleted.
constexpr char const* lock_existing_account = "SELECT FROM accounts WHERE id = $1 FOR KEY SHARE";

constexpr char const* record_name =
    "INSERT INTO addresses AS known (address, network, site, name, account_id, first_seen_at, last_seen_at)"
    " SELECT $1, $2, $3, $4, $5, $6, $6 WHERE $5 IS NULL OR EXISTS (SELECT FROM accounts WHERE id = $5)"
    " ON CONFLICT (address) DO UPDATE SET network = excluded.network, site = excluded.site, name = excluded.name,"
    " account_id = excluded.account_id, last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)";

constexpr char const* note_network =
    "INSERT INTO account_networks AS known (account_id, network, first_seen_at, last_seen_at)"
    " SELECT id, $2, $3, $3 FROM accounts WHERE id = $1 AND $2 <> ''"
    " ON CONFLICT (account_id, network) DO UPDATE SET last_seen_at = greatest(known.last_seen_at, $3)";

// What another server deletes at the same moment is skipped. The conditions that a network or a site is not '' let the
// partial indexes be used.
constexpr char const* delete_of_network =
    "DELETE FROM addresses WHERE address IN (SELECT address FROM addresses WHERE address IN"
    " (SELECT address FROM addresses WHERE network = $1 AND network <> '' ORDER BY last_seen_at DESC OFFSET $2)"
    " FOR UPDATE SKIP LOCKED) AND EXISTS (SELECT FROM addresses WHERE address = $3 AND first_seen_at = $4)";

constexpr char const* delete_of_site =
    "DELETE FROM addresses WHERE address IN (SELECT address FROM addresses WHERE address IN"
    " (SELECT address FROM addresses WHERE site = $1 AND site <> '' ORDER BY last_seen_at DESC OFFSET $2)"
    " FOR UPDATE SKIP LOCKED) AND EXISTS (SELECT FROM addresses WHERE address = $3 AND first_seen_at = $4)";

constexpr char const* delete_of_all =
    "DELETE FROM addresses WHERE address IN (SELECT address FROM addresses WHERE address IN"
    " (SELECT address FROM addresses ORDER BY last_seen_at DESC OFFSET $1 LIMIT $2) FOR UPDATE SKIP LOCKED)";

}  // namespace

address_key::address_key(std::string const& canonical, std::string const& of) : address(canonical)
{
    if (of == canonical) return;
    network = of;
    site = base::site_of(of);
}

void delete_oldest_of_network(segment& work, address_key const& key, base::timestamp at)
{
    if (!key.is_one_of_many()) return;
    work.add(delete_of_network, key.network, std::int64_t{addresses_per_network}, key.address, at);
    work.add(delete_of_site, key.site, std::int64_t{addresses_per_site}, key.address, at);
}

task<result<void>> delete_oldest_addresses(resolver& by)
{
    constexpr std::int64_t batch = 1'000;
    for (;;) {
        segment work{segment::effect::writes};
        work.add(commit_lazily).add(delete_of_all, std::int64_t{most_addresses}, batch);
        auto const answer = co_await by.change(std::move(work));
        auto const reader = [](results const& done) -> result<std::size_t> { return done.at(1).affected(); };
        auto const deleted = by.read(answer.reply, reader);
        if (!deleted) co_return unexpected(deleted.error());
        if (*deleted < static_cast<std::size_t>(batch)) co_return result<void>{};
    }
}

task<result<std::optional<std::string>>> addresses::name_of(std::string address)
{
    segment work{segment::effect::reads};
    work.add(find_name, address);
    auto const answer = co_await resolver_.look_up(std::move(work));
    auto const reader = [](results const& found) -> result<std::optional<std::string>> {
        if (found.at(0).empty()) return std::optional<std::string>{};
        return std::optional{found.at(0)[0].text(0)};
    };
    co_return resolver_.read(answer, reader);
}

task<result<void>> addresses::record(std::string address, std::string network, std::string name,
                                     std::optional<account_id> account, base::timestamp at)
{
    address_key const key{address, network};
    segment work{segment::effect::writes};
    work.add(commit_lazily);
    if (account) work.add(lock_existing_account, *account);
    work.add(record_name, key.address, key.network, key.site, name, account, at);
    delete_oldest_of_network(work, key, at);
    if (account) {
        work.add(note_network, *account, network, at);
        work.add(delete_oldest_networks, *account, networks_per_account);
    }
    auto const answer = co_await resolver_.change(std::move(work));
    auto const reader = [](results const&) -> result<void> { return {}; };
    co_return resolver_.read(answer.reply, reader);
}

}  // namespace porter::detail::store::postgres
