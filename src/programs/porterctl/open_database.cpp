#include "programs/porterctl/open_database.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/option_error.hpp"
#include "programs/porterctl/database_file.hpp"
#include "programs/porterctl/database_server.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;

[[noreturn]] void reject_unknown_account(std::string const& name)
{
    throw config::option_error{
        config::exit_code::not_found,
        fmt::format("there is no account \"{}\" (see porterctl accounts list)", base::escape(name))};
}

}  // namespace

std::unique_ptr<store::administration> open_to_read(context const& ctx, store::accepted_schema schema)
{
    if (is_database_url(ctx.database())) return open_server(ctx.database(), schema);
    return open_file_to_read(ctx, schema);
}

std::unique_ptr<store::administration> open_to_write(context const& ctx)
{
    if (is_database_url(ctx.database())) return open_server(ctx.database(), store::accepted_schema::newest);
    return open_file_to_write(ctx);
}

std::unique_ptr<store::administration> open_to_migrate(context const& ctx)
{
    if (is_database_url(ctx.database())) return open_server(ctx.database(), store::accepted_schema::older);
    return open_file_to_migrate(ctx);
}

std::vector<field> location_fields(context const& ctx)
{
    if (is_database_url(ctx.database())) return server_fields(ctx.database());
    return file_fields(ctx);
}

store::account_row account_of(store::administration& db, std::string const& typed)
{
    auto const name = base::normalise_name(typed);
    if (!name) reject_unknown_account(typed);
    auto found = db.find_account(base::fold_name(*name));
    if (!found) reject_unknown_account(*name);
    return *found;
}

void reject_removed(std::string const& name)
{
    reject_unknown_account(name);
}

detail::base::timestamp now()
{
    return base::system_clock{}.now();
}

std::string quantity(std::uint64_t number, std::string const& noun)
{
    if (number == 1) return "1 " + noun;
    auto plural = noun;
    if (plural.ends_with('y')) plural.replace(plural.size() - 1, 1, "ie");
    if (plural.ends_with('s')) plural += 'e';
    return std::to_string(number) + ' ' + plural + 's';
}

}  // namespace porter::programs
