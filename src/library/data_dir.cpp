#include "library/data_dir.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/file.hpp"
#include "base/url.hpp"
#include "base/writable_folder.hpp"

namespace porter::detail::library {
namespace {

start_error creation_error(std::filesystem::path const& directory, std::error_code reason)
{
    return {start_errc::cannot_create,
            "cannot create the data directory " + directory.string() + ": " + reason.message()};
}

void create_private_directory(std::filesystem::path const& directory)
{
    std::error_code error;
    if (std::filesystem::is_directory(directory, error)) return;
    if (directory.has_parent_path()) std::filesystem::create_directories(directory.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) {
        if (std::filesystem::is_directory(directory, error)) return;
        error = std::make_error_code(std::errc::not_a_directory);
    } else {
        error = {errno, std::generic_category()};
    }
    throw creation_error(directory, error);
}

/// Permissions are never corrected: the directory may be one that others are meant to write to, named by mistake.
void reject_open_directory(std::filesystem::path const& directory)
{
    struct stat status{};
    if (::stat(directory.c_str(), &status) != 0) return;  // it may not exist yet; other errors appear when it is used
    auto const reason = base::permission_error(status);
    if (!reason) return;
    throw start_error{start_errc::configuration, "the directory " + directory.string() +
                                                     " is not safe to keep data in: " + std::string{*reason} +
                                                     base::advice_for_root(status)};
}

/// The database may be in another directory. In one with the sticky bit, such as /tmp, no other user can replace it.
void reject_open_directories(server_options const& options)
{
    reject_open_directory(options.data_dir);
    bool const has_file = !options.database.empty() && !base::is_url(options.database);
    if (!has_file) return;  // the store was replaced, or is on another machine
    auto const folder = std::filesystem::absolute(options.database).parent_path();
    std::error_code error;
    auto const mode = std::filesystem::status(folder, error).permissions();
    bool const is_sticky = !error && (mode & std::filesystem::perms::sticky_bit) != std::filesystem::perms::none;
    if (!is_sticky) reject_open_directory(folder);
}

}  // namespace

server_options with_default_paths(server_options options, server_parts const& parts)
{
    bool const needs_key = options.tls != tls_mode::off && options.tls_key.empty();
    bool const needs_database = !parts.store && options.database.empty();
    bool const needs_log = parts.logger == nullptr && options.log_file.empty();
    bool const needs_directory = needs_key || needs_database || needs_log;
    if (needs_directory && options.data_dir.empty()) {
        throw start_error{start_errc::configuration, "no data directory: set data_dir"};
    }
    if (parts.store) options.database.clear();
    if (needs_database) options.database = options.data_dir / "porter.db";
    if (needs_log) options.log_file = options.data_dir / "porterd.log";
    return options;
}

server_options prepare_data_dir(server_options options, server_parts const& parts)
{
    options = with_default_paths(std::move(options), parts);
    if (!options.data_dir.empty()) create_private_directory(options.data_dir);
    reject_open_directories(options);
    return options;
}

void check_data_dir(server_options const& options)
{
    reject_open_directories(options);
    if (options.data_dir.empty()) return;
    if (int const error = base::error_of_creating_folder(options.data_dir); error != 0) {
        throw creation_error(options.data_dir, {error, std::generic_category()});
    }
}

}  // namespace porter::detail::library
