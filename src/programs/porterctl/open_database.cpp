#include "programs/porterctl/open_database.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include "base/file.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"

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

/// Why porterd would refuse the folder, as a sentence. A sticky folder such as /tmp is accepted: only the owner of a
/// file can remove it there.
std::optional<std::string> folder_error(context const& ctx)
{
    auto const folder = base::folder_of(ctx.file());
    struct stat about{};
    if (::stat(folder.c_str(), &about) != 0 || (about.st_mode & S_ISVTX) != 0) return std::nullopt;
    auto const reason = base::permission_error(about);
    if (!reason) return std::nullopt;
    return fmt::format("the directory {} is not safe to keep data in: {}", base::escape(folder.string()), *reason);
}

}  // namespace

detail::store::sqlite::options store_options(context const& ctx)
{
    detail::store::sqlite::options options;
    options.path = ctx.file();
    options.busy_timeout = std::chrono::seconds{5};  // as long as a person waits; porterd holds a lock for milliseconds
    return options;
}

void require_database(context const& ctx)
{
    std::error_code unknown;
    if (std::filesystem::status(ctx.file(), unknown).type() != std::filesystem::file_type::not_found) return;
    throw config::option_error{
        config::exit_code::not_found,
        fmt::format("there is no database {}: porterd creates it at its first start; --data-dir DIR or "
                    "--database FILE names another one",
                    base::escape(ctx.file().string()))};
}

void require_safe_folder(context const& ctx)
{
    if (auto const reason = folder_error(ctx)) {
        throw config::option_error{config::exit_code::bad_configuration, *reason};
    }
}

std::unique_ptr<database> open_to_read(context const& ctx, administration::schema schema)
{
    require_database(ctx);
    if (auto const reason = folder_error(ctx)) ctx.out.note("warning: " + *reason);
    return administration::open_to_read(store_options(ctx), schema);
}

std::unique_ptr<database> open_to_write(context const& ctx)
{
    require_database(ctx);
    require_safe_folder(ctx);
    return administration::open_to_write(store_options(ctx));
}

administration::account_row account_of(database& db, std::string const& typed)
{
    auto const name = base::normalise_name(typed);
    if (!name) reject_unknown_account(typed);
    auto found = administration::find_account(db, base::fold_name(*name));
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
