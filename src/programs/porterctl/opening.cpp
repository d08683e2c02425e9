#include "programs/porterctl/opening.hpp"

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
        fmt::format("there is no account \"{}\" (porterctl accounts list shows them all)", base::escape(name))};
}

/// The reason, in a sentence, for which porterd would not use the folder. It uses one with the sticky bit (/tmp), where
/// only the owner of a file can remove it.
std::optional<std::string> distrust_of_folder(context const& given)
{
    auto const folder = base::folder_of(given.file());
    struct stat about{};
    if (::stat(folder.c_str(), &about) != 0 || (about.st_mode & S_ISVTX) != 0) return std::nullopt;
    auto const reason = base::permission_error(about);
    if (!reason) return std::nullopt;
    return fmt::format("the directory {} is not safe to keep data in: {}", base::escape(folder.string()), *reason);
}

}  // namespace

detail::store::sqlite::options store_options(context const& given)
{
    detail::store::sqlite::options made;
    made.path = given.file();
    made.busy_timeout = std::chrono::seconds{5};  // porterd holds a lock for milliseconds; a person's patience
    return made;
}

void demand_database(context const& given)
{
    std::error_code unknown;
    if (std::filesystem::status(given.file(), unknown).type() != std::filesystem::file_type::not_found) return;
    throw config::option_error{
        config::exit_code::not_found,
        fmt::format("there is no database {}: porterd makes it when it starts; --data-dir DIR or --database FILE "
                    "names another one",
                    base::escape(given.file().string()))};
}

void require_safe_folder(context const& given)
{
    if (auto const reason = distrust_of_folder(given)) {
        throw config::option_error{config::exit_code::bad_configuration, *reason};
    }
}

std::unique_ptr<database> open_to_read(context const& given, administration::schema wanted)
{
    demand_database(given);
    if (auto const reason = distrust_of_folder(given)) given.out.note("warning: " + *reason);
    return administration::open_to_read(store_options(given), wanted);
}

std::unique_ptr<database> open_to_write(context const& given)
{
    demand_database(given);
    require_safe_folder(given);
    return administration::open_to_write(store_options(given));
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

std::string counted(std::uint64_t number, std::string const& thing)
{
    if (number == 1) return "1 " + thing;
    auto many = thing;
    if (many.ends_with('y')) many.replace(many.size() - 1, 1, "ie");
    if (many.ends_with('s')) many += 'e';
    return std::to_string(number) + ' ' + many + 's';
}

}  // namespace porter::programs
