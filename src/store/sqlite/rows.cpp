#include "store/sqlite/rows.hpp"

namespace porter::detail::store::sqlite {

account read_account(statement const& row)
{
    account read;
    read.id = row.integer(0);
    read.name = row.text(1);
    read.folded_name = row.text(2);
    read.password_hash = row.text(3);
    read.credential_version = row.integer(4);
    read.created_at = row.time(5);
    read.disabled_at = row.optional_time(6);
    read.failed_since = row.count(7);
    read.has_second_factor = row.integer(8) != 0;
    return read;
}

session read_session(statement const& row)
{
    session read;
    read.id = row.integer(0);
    read.account = row.integer(1);
    read.created_at = row.time(2);
    read.last_used_at = row.time(3);
    read.expires_at = row.time(4);
    read.address = row.text(5);
    read.transport = row.text(6) == name_of(transport::tls) ? transport::tls : transport::plain;
    return read;
}

access_history read_history(statement const& row, int first)
{
    access_history read;
    read.last_login_at = row.optional_time(first);
    read.last_address = row.text(first + 1);
    read.failed_since = row.count(first + 2);
    return read;
}

std::string_view name_of(transport value) noexcept
{
    return value == transport::tls ? "tls" : "plain";
}

}  // namespace porter::detail::store::sqlite
