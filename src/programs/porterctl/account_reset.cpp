#include "programs/porterctl/account_reset.hpp"

#include <fmt/format.h>

#include "base/access_code.hpp"
#include "base/text.hpp"
#include "programs/porterctl/cells.hpp"
#include "programs/porterctl/open_database.hpp"
#include "programs/porterctl/validity.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
using detail::config::exit_code;

constexpr std::chrono::seconds default_validity = std::chrono::days{1};

}  // namespace

exit_code reset_account(context& ctx)
{
    auto const duration = validity_of(ctx.duration, default_validity);
    auto const db = open_to_write(ctx);
    auto const owner = account_of(*db, ctx.arguments[0]);
    auto const code = base::make_access_code();
    auto const expires_at = db->add_reset(owner.id, *base::digest_of_access_code(code.view()), duration);
    if (!expires_at) reject_removed(owner.name);
    ctx.out.issue(code,
                  fmt::format("This code lets the owner of {} choose a password until {} UTC, once: porter --redeem.",
                              base::escape(owner.name), cell_of(*expires_at, cell_format::full)),
                  {{{"name", owner.name}, {"expires_at", *expires_at}}});
    if (owner.disabled_at) ctx.out.note(owner.name + " is disabled: the code is of no use until it is enabled");
    return exit_code::ok;
}

}  // namespace porter::programs
