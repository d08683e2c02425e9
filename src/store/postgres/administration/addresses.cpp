#include "store/postgres/administration/addresses.hpp"

#include <utility>

namespace porter::detail::store::postgres::administration {

namespace {

constexpr char const* list =
    "SELECT address, name, account_id IS NOT NULL, first_seen_at, last_seen_at FROM addresses"
    " ORDER BY last_seen_at DESC, address";
constexpr char const* find_one =
    "SELECT address, name, account_id IS NOT NULL, first_seen_at, last_seen_at FROM addresses WHERE address = $1";

// While it is locked, the account is neither renamed nor deleted.
constexpr char const* lock_owner = "SELECT FROM accounts WHERE folded_name = $1 FOR KEY SHARE";

// No client was seen there, so last_seen_at of a known address stays.
constexpr char const* set_name =
    "INSERT INTO addresses (address, name, account_id, first_seen_at, last_seen_at)"
    " SELECT $1, coalesce(owner.name, $2), owner.id, $4, $4"
    " FROM (VALUES (true)) AS one LEFT JOIN accounts AS owner ON owner.folded_name = $3"
    " ON CONFLICT (address) DO UPDATE SET name = excluded.name, account_id = excluded.account_id RETURNING name";

address_row read_row(row const& from)
{
    address_row one;
    one.address = from.text(0);
    one.name = from.text(1);
    one.is_proved = from.boolean(2);
    one.first_seen_at = from.time(3);
    one.last_seen_at = from.time(4);
    return one;
}

}  // namespace

std::vector<address_row> list_addresses(blocking_connection& db)
{
    segment work{segment::effect::reads};
    work.add(list);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        std::vector<address_row> all;
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) all.push_back(read_row(rows[i]));
        return all;
    });
}

std::optional<address_row> find_address(blocking_connection& db, std::string const& address)
{
    segment work{segment::effect::reads};
    work.add(find_one, address);
    auto const found = db.look_up(std::move(work));
    if (found.at(0).empty()) return std::nullopt;
    return read_results(db, [&] { return read_row(found.at(0)[0]); });
}

bool is_identified(blocking_connection& db, std::string const& name)
{
    segment work{segment::effect::reads};
    work.add("SELECT FROM addresses WHERE name = $1 AND account_id IS NULL LIMIT 1", name);
    return !db.look_up(std::move(work)).at(0).empty();
}

std::string set_address(blocking_connection& db, std::string const& address, std::string const& name,
                        std::string const& folded_name, base::timestamp now)
{
    segment work{segment::effect::writes};
    work.add(lock_owner, folded_name).add(set_name, address, name, folded_name, now);
    auto const answer = db.change(std::move(work));
    return read_results(db, [&] { return answer.results.at(1)[0].text(0); });
}

result<void> forget_address(blocking_connection& db, std::string const& address)
{
    segment work{segment::effect::writes};
    work.add("DELETE FROM addresses WHERE address = $1", address);
    auto const answer = db.change(std::move(work));
    if (answer.results.at(0).affected() == 0 && !answer.is_repeated) return unexpected(errc::not_found);
    return {};
}

}  // namespace porter::detail::store::postgres::administration
