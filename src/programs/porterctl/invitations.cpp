#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "base/access_code.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"
#include "programs/porterctl/cells.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/open_database.hpp"
#include "programs/porterctl/validity.hpp"
#include "store/limits.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

constexpr std::chrono::seconds default_validity = std::chrono::days{7};
constexpr std::uint64_t most_uses = 1'000'000;

[[noreturn]] void usage_error(std::string const& line)
{
    throw config::option_error{exit_code::usage, line};
}

record record_of(store::invitation_row const& row)
{
    return {{{"id", row.id},
             {"name", row.name.empty() ? value{} : value{row.name}},
             {"used", count_of(row.used)},
             {"uses", count_of(row.uses)},
             {"created_at", row.created_at},
             {"expires_at", row.expires_at}}};
}

std::uint32_t parse_uses(std::optional<std::string> const& typed)
{
    if (!typed) return 1;
    auto const parsed = config::parse_number(*typed, 1, most_uses);
    if (!parsed) usage_error("--uses: " + parsed.error());
    return static_cast<std::uint32_t>(*parsed);
}

/// Sets the only name that the invitation is for. Throws config::option_error.
void set_name(store::new_invitation& fresh, std::string const& typed)
{
    auto const name = base::normalise_new_name(typed);
    if (!name) usage_error(fmt::format("--name: \"{}\": {}", base::escape(typed), name.error()));
    if (fresh.uses != 1) usage_error("--uses has no effect with --name: an account is registered once");
    fresh.name = *name;
    fresh.folded_name = base::fold_name(*name);
}

std::string describe(store::invitation_row const& row)
{
    auto const accounts = row.name.empty() ? fmt::format("{}", quantity(row.uses, "account")) : base::escape(row.name);
    return fmt::format("This code registers {} until {} UTC: porter --redeem. It is invitation {}.", accounts,
                       cell_of(row.expires_at, cell_format::full), row.id);
}

exit_code add(context& ctx)
{
    store::new_invitation fresh;
    fresh.uses = parse_uses(ctx.uses);
    fresh.duration = validity_of(ctx.duration, default_validity);
    if (ctx.name) set_name(fresh, *ctx.name);
    auto const code = base::make_access_code();
    fresh.code = *base::digest_of_access_code(code.view());
    auto const db = open_to_write(ctx);
    if (auto const other = db->find_account(fresh.folded_name)) {
        throw config::option_error{exit_code::bad_data,
                                   fmt::format("the account \"{}\" already exists", base::escape(other->name))};
    }
    auto const added = db->add_invitation(fresh);
    if (!added) {
        throw config::option_error{exit_code::bad_data,
                                   fmt::format("there are {} invitations, which is the limit: remove some (porterctl "
                                               "invitations list), or give one more uses",
                                               store::most_invitations)};
    }
    ctx.out.issue(code, describe(*added), record_of(*added));
    return exit_code::ok;
}

exit_code list(context& ctx)
{
    auto const db = open_to_read(ctx);
    std::vector<record> rows;
    for (auto const& row : db->list_invitations()) rows.push_back(record_of(row));
    ctx.out.list(rows, "No invitation is valid.", std::array<std::string_view, 1>{"created_at"});
    return exit_code::ok;
}

exit_code remove(context& ctx)
{
    auto const& typed = ctx.arguments[0];
    auto const id = config::parse_number(typed, 1, INT64_MAX);
    if (!id) usage_error(fmt::format("\"{}\" is no id of an invitation: {}", base::escape(typed), id.error()));
    auto const db = open_to_write(ctx);
    if (!db->remove_invitation(static_cast<std::int64_t>(*id))) {
        throw config::option_error{
            exit_code::not_found,
            fmt::format("there is no invitation {} that is still valid (see porterctl invitations list)", *id)};
    }
    ctx.out.done(fmt::format("The code of invitation {} is not valid any more.", *id),
                 {{{"id", static_cast<std::int64_t>(*id)}}});
    return exit_code::ok;
}

constexpr command table[] = {
    {"invitations", "add", "", 0, 0, "uses for name", "print the code of a new invitation",
     "Its code, alone on a line of standard output, registers an account (porter --redeem), also where porterd\n"
     "runs with --registration invited or closed. It is shown once: only its digest is stored. With --name it\n"
     "registers an account of that name only.\n",
     "  porterctl invitations add\n"
     "  porterctl invitations add --uses 20 --for 12h\n"
     "  porterctl invitations add --name Alice\n",
     add},
    {"invitations", "list", "", 0, 0, "", "the invitations that are valid",
     "Columns: id, name, used, uses, created, expires. Spent and expired ones are not listed, and no code is.\n",
     "  porterctl invitations list\n"
     "  porterctl invitations list --json\n",
     list},
    {"invitations", "remove", "ID", 1, 1, "", "take an invitation back",
     "Its code is invalid at once; accounts that it has registered stay. Exits with 66 if there is no such\n"
     "invitation, or it is spent or expired.\n",
     "  porterctl invitations remove 7\n", remove},
};

}  // namespace

std::span<command const> invitations_commands()
{
    return table;
}

}  // namespace porter::programs
