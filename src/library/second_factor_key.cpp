#include "library/second_factor_key.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/url.hpp"
#include "porter/start_error.hpp"
#include "tls/key_access.hpp"
#include "tls/key_files.hpp"

namespace porter::detail::library {
namespace {

using path = std::filesystem::path;

path file_of(server_options const& options)
{
    auto const& folder = options.data_dir;
    return (folder.empty() ? base::folder_of(options.database) : folder) / "second-factor-key";
}

bool path_exists(path const& file)
{
    struct stat status{};
    return ::lstat(file.c_str(), &status) == 0 || errno != ENOENT;
}

[[noreturn]] void reject_file(path const& file, std::string const& reason)
{
    throw start_error{start_errc::configuration, file.string() + ": " + reason};
}

/// The file has the key in hexadecimal digits, and a line feed.
base::secret read_key(path const& file)
{
    auto const content = base::read_private(file, base::symlinks::follow, [&](int fd, struct stat const& status) {
        return tls::key_access_error(status, tls::process_identity::current(), tls::is_credential(file.string(), fd));
    });
    if (!content) reject_file(file, content.error().message);
    auto key = auth::box_key_from(content->view());
    if (key) return std::move(*key);
    reject_file(file,
                "it has no key, which is 64 hexadecimal digits and a line feed: restore it from a backup, or "
                "remove it, after which an account with a second factor needs porterctl accounts second-factor "
                "NAME --remove");
}

/// An existing file is kept. Logged: later than at the first start it means that the key was lost.
void make_key(path const& file, log::logger& log)
{
    auto const key = auth::new_box_key();
    auto const text = auth::text_of_box_key(key);
    int const error = base::write_atomically(file, text.view(), base::existing_file::keep);
    if (error != 0) {
        throw start_error{start_errc::cannot_create,
                          "cannot create " + file.string() + ": " + base::system_message(error)};
    }
    log.info("second_factor_key_made", {{"file", file.native()}});
}

/// Servers without accounts need no key.
bool has_accounts(server_options const& options)
{
    return options.access == access::authenticate;
}

}  // namespace

auth::secret_box second_factor_box(server_options const& options, bool is_stored, log::logger& log)
{
    std::vector<base::secret> keys;
    bool const is_without_folder = !is_stored && options.data_dir.empty();
    if (!has_accounts(options) || is_without_folder) {
        keys.push_back(auth::new_box_key());
        return auth::secret_box{std::move(keys)};
    }
    auto const file = file_of(options);
    if (base::is_url(options.database)) {
        auto const key = tls::load_key(options.tls_key);
        keys.push_back(auth::derive_box_key(tls::to_pem(*key).view()));
    } else if (!path_exists(file)) {
        make_key(file, log);
    }
    if (path_exists(file)) keys.push_back(read_key(file));
    return auth::secret_box{std::move(keys)};
}

void check_second_factor_key(server_options const& options)
{
    if (!has_accounts(options)) return;
    auto const file = file_of(options);
    if (path_exists(file)) read_key(file);
}

}  // namespace porter::detail::library
