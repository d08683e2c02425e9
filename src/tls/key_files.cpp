#include "tls/key_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "porter/start_error.hpp"
#include "tls/handshake_check.hpp"
#include "tls/key_access.hpp"

namespace porter::detail::tls {
namespace {

using path = std::filesystem::path;

constexpr std::size_t max_file = 1024 * 1024;  // no key or chain of certificates is that long

std::string system_reports(int error = errno)
{
    return std::generic_category().message(error);
}

[[noreturn]] void reject_file(path const& file, std::string const& reason)
{
    throw start_error{start_errc::configuration, file.string() + ": " + reason};
}

class descriptor {
public:
    explicit descriptor(int number) : number_(number) {}
    ~descriptor()
    {
        if (number_ >= 0) ::close(number_);
    }
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;

    int number() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_;
};

enum class secrecy { open, private_to_owner };

void demand_private(path const& file, int descriptor, struct stat const& status)
{
    auto const error = key_access_error(status, process_identity::current(), is_credential(file.string(), descriptor));
    if (error) reject_file(file, *error);
}

base::secret read_file(path const& file, secrecy required)
{
    // O_NONBLOCK: opening a FIFO must not block.
    descriptor const opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat status{};
    if (!opened || ::fstat(opened.number(), &status) != 0) reject_file(file, system_reports());
    if (!S_ISREG(status.st_mode)) reject_file(file, "it is not a regular file");
    if (required == secrecy::private_to_owner) demand_private(file, opened.number(), status);
    if (status.st_size > static_cast<off_t>(max_file)) reject_file(file, "it is larger than 1 MiB");

    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        auto const count = ::read(opened.number(), text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        size += static_cast<std::size_t>(count);
    }
    base::secret content{std::string_view{text}.substr(0, size)};
    base::wipe(text);
    return content;
}

key_handle load_key(path const& file)
{
    auto key = key_from_pem(read_file(file, secrecy::private_to_owner));
    if (!key) reject_file(file, "it has no private key in PEM without a password");
    return key;
}

void demand_usable(path const& file, evp_pkey_st& key)
{
    if (auto const error = key_error(key)) reject_file(file, *error);
}

bool write_and_sync(int number, std::string_view text)
{
    while (!text.empty()) {
        auto const count = ::write(number, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fsync(number) == 0;
}

path folder_of(path const& file)
{
    return file.has_parent_path() ? file.parent_path() : path{"."};
}

/// Creates the file atomically; an existing file is kept.
void create_file(path const& file, std::string_view text)
{
    auto temporary = file.native() + ".XXXXXX";
    descriptor const opened{::mkostemp(temporary.data(), O_CLOEXEC)};  // 0600, O_EXCL; follows no link
    bool const done = opened && write_and_sync(opened.number(), text) &&
                      (::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST);
    auto const error = errno;
    if (opened) ::unlink(temporary.c_str());
    if (!done)
        throw start_error{start_errc::cannot_create, "cannot create " + file.string() + ": " + system_reports(error)};
    descriptor const folder{::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder) ::fsync(folder.number());  // not all file systems support it
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
