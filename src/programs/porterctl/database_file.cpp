#include "programs/porterctl/database_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include "base/file.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "store/audit_key.hpp"

namespace porter::programs {

namespace {

namespace administration = detail::store::sqlite::administration;
namespace base = detail::base;
namespace config = detail::config;
namespace store = detail::store;
using access_mode = store::sqlite::database::access;

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

/// An older porterd would not know the migrated schema.
void reject_beside_older_porterd(context const& ctx)
{
    auto const user = file_user_of(ctx);
    if (!user || user->program != "porterd") return;
    auto const status = open_file_to_read(ctx, store::accepted_schema::older)->status();
    if (status.version == status.newest) return;
    throw config::option_error{config::exit_code::temporary_failure,
                               fmt::format("an older {} has the database open: stop it first", text_of(user))};
}

}  // namespace

std::filesystem::path audit_key_file(context const& ctx)
{
    auto const& given = ctx.configuration.server.data_dir;
    return (given.empty() ? base::folder_of(ctx.file()) : given) / store::audit_key_name;
}

store::sqlite::options file_options(context const& ctx)
{
    store::sqlite::options options;
    options.path = ctx.file();
    options.audit_key_file = audit_key_file(ctx);
    options.actor = "porterctl " + ctx.user;
    options.busy_timeout = std::chrono::seconds{5};  // as long as a person waits; porterd holds a lock for milliseconds
    return options;
}

void require_file(context const& ctx)
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

std::unique_ptr<file_administration> open_file_to_read(context const& ctx, store::accepted_schema schema)
{
    require_file(ctx);
    if (auto const reason = folder_error(ctx)) ctx.out.note("warning: " + *reason);
    return std::make_unique<file_administration>(file_options(ctx), access_mode::read_only, schema);
}

std::unique_ptr<file_administration> open_file_to_write(context const& ctx)
{
    require_file(ctx);
    require_safe_folder(ctx);
    return std::make_unique<file_administration>(file_options(ctx), access_mode::read_write);
}

std::unique_ptr<file_administration> open_file_to_migrate(context const& ctx)
{
    require_file(ctx);
    require_safe_folder(ctx);
    reject_beside_older_porterd(ctx);
    return std::make_unique<file_administration>(file_options(ctx), access_mode::read_write,
                                                 store::accepted_schema::older);
}

std::optional<file_user> file_user_of(context const& ctx)
{
    return administration::user_of(ctx.file());
}

std::string text_of(std::optional<file_user> const& user)
{
    if (!user) return "no process";
    if (user->process == 0) return "a process of another container";
    return fmt::format("{} (process {})", user->program.empty() ? "a program" : user->program, user->process);
}

std::vector<field> file_fields(context const& ctx)
{
    require_file(ctx);
    auto const user = file_user_of(ctx);
    auto const sizes = administration::sizes_of(ctx.file());
    return {{"file", ctx.file().string()},
            {"size", size_in_bytes{sizes.file_bytes}},
            {"log_size", size_in_bytes{sizes.log_bytes}},
            {"opened_by", text_of(user)},
            {"porterd_runs", user && user->program == "porterd"}};
}

}  // namespace porter::programs
