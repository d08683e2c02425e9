#include "tls/key_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "base/file.hpp"
#include "porter/start_error.hpp"
#include "tls/handshake_check.hpp"
#include "tls/key_access.hpp"

namespace porter::detail::tls {
namespace {

using path = std::filesystem::path;

[[noreturn]] void reject_file(path const& file, std::string const& reason)
{
    throw start_error{start_errc::configuration, file.string() + ": " + reason};
}

enum class secrecy { open, private_to_owner };

base::secret read_file(path const& file, secrecy required)
{
    auto content = base::read_private(file, base::symlinks::follow, [&](int fd, struct stat const& status) {
        if (required == secrecy::open) return std::optional<std::string>{};
        return key_access_error(status, process_identity::current(), is_credential(file.string(), fd));
    });
    if (!content) reject_file(file, content.error().message);
    return std::move(*content);
}

void demand_usable(path const& file, evp_pkey_st& key)
{
    if (auto const error = key_error(key)) reject_file(file, *error);
}

/// An existing file is kept.
void create_file(path const& file, std::string_view text)
{
    int const error = base::write_atomically(file, text, base::existing_file::keep);
    if (error == 0) return;
    throw start_error{start_errc::cannot_create, "cannot create " + file.string() + ": " + base::system_message(error)};
}

bool path_exists(path const& file)
{
    struct stat status{};
    return ::lstat(file.c_str(), &status) == 0 || errno != ENOENT;
}

void reject_missing_key(key_files const& files)
{
    // Check in this order: another process that creates both creates the key first.
    if (!path_exists(files.certificate) || path_exists(files.key)) return;
    reject_file(files.key, "the key is missing, but its certificate exists (" + files.certificate.string() +
                               "): restore the key, or remove the certificate to create both again");
}

}  // namespace

key_handle load_key(path const& file)
{
    auto key = key_from_pem(read_file(file, secrecy::private_to_owner));
    if (!key) reject_file(file, "it has no private key in PEM without a password");
    return key;
}

certified_key load(key_files const& files)
{
    auto key = load_key(files.key);
    auto chain = chain_from_pem(read_file(files.certificate, secrecy::open).view());
    if (chain.empty()) reject_file(files.certificate, "it has no certificate in PEM");
    if (!matches(*key, *chain.front())) {
        reject_file(files.certificate, "its certificate is not for the key in " + files.key.string());
    }
    certified_key loaded{std::move(key), std::move(chain)};
    if (auto const error = handshake_error(loaded)) {
        demand_usable(files.key, *loaded.key());
        reject_file(files.certificate, "no TLS 1.3 client can use these certificates: " + *error);
    }
    return loaded;
}

certified_key load_or_make(key_files const& files, base::timestamp now)
{
    if (!path_exists(files.key)) {
        reject_missing_key(files);
        create_file(files.key, to_pem(*make_key()).view());
    }
    if (!path_exists(files.certificate)) {
        auto const key = load_key(files.key);
        demand_usable(files.key, *key);  // first, or the certificate would have to be removed again
        create_file(files.certificate, to_pem(*make_certificate(*key, now)));
    }
    return load(files);
}

std::optional<certified_key> check(key_files const& files)
{
    if (!path_exists(files.key)) {
        reject_missing_key(files);
        return std::nullopt;
    }
    if (path_exists(files.certificate)) return load(files);
    demand_usable(files.key, *load_key(files.key));
    return std::nullopt;
}

}  // namespace porter::detail::tls
