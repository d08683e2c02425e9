#include "library/data_dir.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/file.hpp"
#include "base/writable_folder.hpp"

namespace porter::detail::library {
namespace {

start_error cannot_make(std::filesystem::path const& wanted, std::error_code reason)
{
    return {start_errc::cannot_create, "cannot make the data directory " + wanted.string() + ": " + reason.message()};
}

void make_private_directory(std::filesystem::path const& wanted)
{
    std::error_code failed;
    if (std::filesystem::is_directory(wanted, failed)) return;
    if (wanted.has_parent_path()) std::filesystem::create_directories(wanted.parent_path(), failed);
    if (::mkdir(wanted.c_str(), 0700) == 0 || errno == EEXIST) {
        if (std::filesystem::is_directory(wanted, failed)) return;
        failed = std::make_error_code(std::errc::not_a_directory);
    } else {
        failed = {errno, std::generic_category()};
    }
    throw cannot_make(wanted, failed);
}

/// A folder is never tightened: it may be one that others are meant to write to, and ours by mistake.
void reject_open_directory(std::filesystem::path const& wanted)
{
    struct stat about{};
    if (::stat(wanted.c_str(), &about) != 0) return;  // not there yet; what is wrong otherwise shows when it is used
    auto const reason = base::permission_error(about);
    if (!reason) return;
    throw start_error{start_errc::configuration, "the directory " + wanted.string() + " is not safe to keep data in: " +
                                                     std::string{*reason} + base::advice_for_root(about)};
}

/// The database may be named apart; in a folder like /tmp nobody can take it away from its owner.
void reject_open_directories(server_options const& settled)
{
    reject_open_directory(settled.data_dir);
    auto const folder = std::filesystem::absolute(settled.database).parent_path();
    std::error_code failed;
    auto const mode = std::filesystem::status(folder, failed).permissions();
    bool const is_sticky = !failed && (mode & std::filesystem::perms::sticky_bit) != std::filesystem::perms::none;
    if (!is_sticky) reject_open_directory(folder);
}

}  // namespace

server_options with_paths(server_options options)
{
    bool const needs_key = options.tls != tls_mode::off && options.tls_key.empty();
    bool const needs_directory = needs_key || options.database.empty() || options.log_file.empty();
    if (needs_directory && options.data_dir.empty()) {
        throw start_error{start_errc::configuration, "no data directory is given: set data_dir"};
    }
    if (options.database.empty()) options.database = options.data_dir / "porter.db";
    if (options.log_file.empty()) options.log_file = options.data_dir / "porterd.log";
    return options;
}

server_options settle_paths(server_options options)
{
    auto settled = with_paths(std::move(options));
    if (!settled.data_dir.empty()) make_private_directory(settled.data_dir);
    reject_open_directories(settled);
    return settled;
}

void check_data_dir(server_options const& settled)
{
    reject_open_directories(settled);
    if (settled.data_dir.empty()) return;
    if (int const error = base::error_of_making_folder(settled.data_dir); error != 0) {
        throw cannot_make(settled.data_dir, {error, std::generic_category()});
    }
}

}  // namespace porter::detail::library
