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

constexpr std::size_t largest_file = 1024 * 1024;  // no key and no chain of certificates is that long

std::string system_reports(int error = errno)
{
    return std::generic_category().message(error);
}

[[noreturn]] void reject_file(path const& file, std::string const& why)
{
    throw start_error{start_errc::configuration, file.string() + ": " + why};
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

void demand_private(path const& file, int descriptor, struct stat const& about)
{
    auto const error = key_access_error(about, process_identity::current(), is_credential(file.string(), descriptor));
    if (error) reject_file(file, *error);
}

base::secret read_file(path const& file, secrecy wanted)
{
    // Non-blocking only matters for the open: a FIFO put there must not hang the program.
    descriptor const opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat about {};
    if (!opened || ::fstat(opened.number(), &about) != 0) reject_file(file, system_reports());
    if (!S_ISREG(about.st_mode)) reject_file(file, "it is not a regular file");
    if (wanted == secrecy::private_to_owner) demand_private(file, opened.number(), about);
    if (about.st_size > static_cast<off_t>(largest_file)) reject_file(file, "it is larger than 1 MiB");

    std::string text(static_cast<std::size_t>(about.st_size), '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        auto const got = ::read(opened.number(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size += static_cast<std::size_t>(got);
    }
    base::secret read{std::string_view{text}.substr(0, size)};
    base::wipe(text);
    return read;
}

key_handle load_key(path const& file)
{
    auto key = key_from_pem(read_file(file, secrecy::private_to_owner));
    if (!key) reject_file(file, "it holds no private key in PEM without a password");
    return key;
}

void demand_usable(path const& file, evp_pkey_st& key)
{
    if (auto const error = key_error(key)) reject_file(file, *error);
}

bool write_whole(int number, std::string_view text)
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

/// Puts a file with this text there, whole, unless there is one: then that one stays.
void put_in_place(path const& file, std::string_view text)
{
    auto temporary = file.native() + ".XXXXXX";
    descriptor const made{::mkostemp(temporary.data(), O_CLOEXEC)};  // 0600, O_EXCL, and no link is followed
    bool const done =
        made && write_whole(made.number(), text) && (::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST);
    auto const error = errno;
    if (made) ::unlink(temporary.c_str());
    if (!done)
        throw start_error{start_errc::cannot_create, "cannot create " + file.string() + ": " + system_reports(error)};
    descriptor const folder{::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder) ::fsync(folder.number());  // a file system that cannot do that has no power cuts to survive
}

bool is_there(path const& file)
{
    struct stat about {};
    return ::lstat(file.c_str(), &about) == 0 || errno != ENOENT;
}

void reject_missing_key(key_files const& files)
{
    // In this order, since the key comes first where both are being made at this moment.
    if (!is_there(files.certificate) || is_there(files.key)) return;
    reject_file(files.key, "the key is not there, but its certificate is (" + files.certificate.string() +
                               "): put the key back, or remove the certificate to have both made anew");
}

}  // namespace

certified_key load(key_files const& files)
{
    auto key = load_key(files.key);
    auto chain = chain_from_pem(read_file(files.certificate, secrecy::open).view());
    if (chain.empty()) reject_file(files.certificate, "it holds no certificate in PEM");
    if (!fits(*key, *chain.front())) {
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
    if (!is_there(files.key)) {
        reject_missing_key(files);
        put_in_place(files.key, to_pem(*make_key()).view());
    }
    if (!is_there(files.certificate)) {
        auto const key = load_key(files.key);
        demand_usable(files.key, *key);  // before there is a certificate that has to be removed again
        put_in_place(files.certificate, to_pem(*make_certificate(*key, now)));
    }
    return load(files);
}

std::optional<certified_key> check(key_files const& files)
{
    if (!is_there(files.key)) {
        reject_missing_key(files);
        return std::nullopt;
    }
    if (is_there(files.certificate)) return load(files);
    demand_usable(files.key, *load_key(files.key));
    return std::nullopt;
}

}  // namespace porter::detail::tls
