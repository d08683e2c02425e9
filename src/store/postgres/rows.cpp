#include "store/postgres/rows.hpp"

#include <algorithm>
#include <limits>

namespace porter::detail::store::postgres {

std::uint32_t count(row const& from, int column)
{
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(from.integer(column), 0, most));
}

account read_account(row const& from)
{
    account read;
    read.id = from.integer(0);
    read.name = from.text(1);
    read.folded_name = from.text(2);
    read.password_hash = from.text(3);
    read.credential_version = from.integer(4);
    read.created_at = from.time(5);
    read.disabled_at = from.optional_time(6);
    read.failed_since = count(from, 7);
    read.has_second_factor = from.boolean(8);
    return read;
}

session read_session(row const& from)
{
    session read;
    read.id = from.integer(0);
    read.account = from.integer(1);
    read.created_at = from.time(2);
    read.last_used_at = from.time(3);
    read.expires_at = from.time(4);
    read.address = from.text(5);
    read.transport = from.text(6) == name_of(transport::tls) ? transport::tls : transport::plain;
    return read;
}

access_history read_history(row const& from, int first)
{
    access_history read;
    read.last_login_at = from.optional_time(first);
    read.last_address = from.text(first + 1);
    read.failed_since = count(from, first + 2);
    return read;
}

std::string_view name_of(transport value) noexcept
{
    return value == transport::tls ? "tls" : "plain";
}

}  // namespace porter::detail::store::postgres
