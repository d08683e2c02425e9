#include "programs/porterctl/account_transfer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/hash_cost.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "porter/start_error.hpp"
#include "programs/porterctl/account_lines.hpp"
#include "programs/porterctl/adopted_hashes.hpp"
#include "programs/porterctl/open_database.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

constexpr std::size_t largest_file = std::size_t{256} << 20;  // bytes: more than a million accounts
constexpr std::size_t most_lines_shown = 20;                  // numbers of refused lines, except as JSON

/// The whole file, or standard input for "-".
std::string read_input(std::string const& path)
{
    bool const is_input = path == "-";
    auto const shown = is_input ? std::string{"standard input"} : base::escape(path);
    base::unique_fd const file{is_input ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::string text;
    int const error = file ? base::read_whole(file.get(), largest_file, text) : errno;
    if (error == 0) return text;
    if (error == EFBIG)
        throw config::option_error{exit_code::bad_data, shown + " is larger than 256 MiB: split it into several files"};
    auto const problem = "cannot read " + shown + ": " + base::system_message(error);
    if (error == ENOENT) throw config::option_error{exit_code::not_found, problem};
    throw start_error{start_errc::io, problem};
}

/// What an import does, or would do.
struct import_plan {
    std::vector<account_line> fresh;  ///< the accounts that are added
    std::size_t already_there = 0;    ///< accounts that exist and stay as they are
    std::size_t refused = 0;          ///< lines
    value refusals;                   ///< with their reasons
};

/// "lines 3, 7 and 2 more: the hash is damaged"
std::string text_of(std::string const& reason, std::vector<std::size_t> const& lines)
{
    auto const shown = std::min(lines.size(), most_lines_shown);
    std::vector<std::size_t> const first{lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(shown)};
    auto const more = lines.size() > shown ? fmt::format(" and {} more", lines.size() - shown) : std::string{};
    return fmt::format("{} {}{}: {}", lines.size() == 1 ? "line" : "lines", fmt::join(first, ", "), more, reason);
}

value refusals_of(account_lines const& lines, bool is_json)
{
    std::vector<std::string> texts;
    std::vector<record> rows;
    for (auto const& [reason, numbers] : lines.refused) {
        texts.push_back(text_of(reason, numbers));
        rows.push_back({{{"reason", reason}, {"lines", std::vector<std::int64_t>{numbers.begin(), numbers.end()}}}});
    }
    return is_json ? value{rows} : value{texts};
}

import_plan plan_of(account_lines lines, store::administration& db, bool is_json)
{
    import_plan plan;
    plan.refused = lines.refused_count();
    plan.refusals = refusals_of(lines, is_json);
    std::set<std::string> taken;
    for (auto const& account : db.list_accounts()) taken.insert(account.folded_name);
    for (auto& each : lines.accounts) {
        if (taken.contains(each.folded_name)) {
            ++plan.already_there;
        } else {
            plan.fresh.push_back(std::move(each));
        }
    }
    return plan;
}

void show(context& ctx, import_plan const& plan, std::size_t imported)
{
    ctx.out.show({{{"imported", count_of(imported)},
                   {"new", count_of(plan.fresh.size())},
                   {"already_there", count_of(plan.already_there)},
                   {"refused", count_of(plan.refused)},
                   {"refusals", plan.refusals}}});
}

[[noreturn]] void reject_refused(context const& ctx, std::size_t refused)
{
    auto const file = ctx.arguments[0] == "-" ? std::string{"standard input"} : base::escape(ctx.arguments[0]);
    auto const consequence = ctx.dry_run ? "so nothing would be imported" : "so nothing was imported";
    throw config::option_error{exit_code::bad_data,
                               fmt::format("{} of {} cannot be imported, {}: correct or remove {}",
                                           quantity(refused, "line"), file, consequence, refused == 1 ? "it" : "them")};
}

std::vector<store::imported_account> accounts_of(std::vector<account_line> const& lines,
                                                 std::vector<std::string> hashes, base::timestamp now)
{
    std::vector<store::imported_account> accounts;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        store::imported_account one;
        one.name = lines[i].name;
        one.folded_name = lines[i].folded_name;
        one.password_hash = std::move(hashes[i]);
        if (lines[i].is_disabled) one.disabled_at = now;
        accounts.push_back(std::move(one));
    }
    return accounts;
}

}  // namespace

exit_code import_accounts(context& ctx)
{
    auto const& server = ctx.configuration.server;
    base::hash_cost const cost{static_cast<std::uint32_t>(server.hash_memory / 1024), server.hash_ops};
    auto lines = read_account_lines(read_input(ctx.arguments[0]), cost);
    auto const db = ctx.dry_run ? open_to_read(ctx) : open_to_write(ctx);
    auto const plan = plan_of(std::move(lines), *db, ctx.out.is_json());
    if (plan.refused > 0) {
        show(ctx, plan, 0);
        reject_refused(ctx, plan.refused);
    }
    std::size_t imported = 0;
    if (!ctx.dry_run) {
        auto hashes = adopted_hashes(plan.fresh, server.hash_memory, server.hash_ops);
        imported = db->import_accounts(accounts_of(plan.fresh, std::move(hashes), now()), now());
    }
    show(ctx, plan, imported);
    return exit_code::ok;
}

exit_code export_accounts(context& ctx)
{
    auto const db = open_to_read(ctx);
    std::map<store::account_id, std::string> hashes;
    if (ctx.with_password_hashes) {
        db->for_each_password_hash([&](auto id, std::string const&, std::string const& hash) { hashes[id] = hash; });
    }
    std::vector<record> rows;
    std::size_t protected_accounts = 0;
    for (auto const& account : db->list_accounts()) {
        record row{{{"name", account.name}}};
        auto const hash = hashes.find(account.id);
        // An account that was added since the hashes were read.
        if (ctx.with_password_hashes && hash == hashes.end()) continue;
        if (ctx.with_password_hashes) row.fields.push_back({"password_hash", hash->second});
        row.fields.push_back({"state", std::string{account.disabled_at ? "disabled" : "enabled"}});
        rows.push_back(std::move(row));
        if (account.has_second_factor) ++protected_accounts;
    }
    ctx.out.lines(rows);
    if (ctx.with_password_hashes && protected_accounts > 0) {
        ctx.out.note("this leaves out " + quantity(protected_accounts, "second factor") +
                     ": where it is imported, the password alone is enough");
    }
    return exit_code::ok;
}

}  // namespace porter::programs
