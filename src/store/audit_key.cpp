#include "store/audit_key.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "base/file.hpp"
#include "base/secret.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::store {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::optional<std::string> access_error(int /*fd*/, struct ::stat const& status)
{
    if (auto const reason = base::permission_error(status)) return std::string{*reason};
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return "other users may read it: chmod 600";
    return std::nullopt;
}

std::optional<audit_key> parse(std::string_view text)
{
    audit_key key{};
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.size() != 2 * key.size()) return std::nullopt;
    for (std::size_t i = 0; i < key.size(); ++i) {
        auto const high = digits.find(text[2 * i]);
        auto const low = digits.find(text[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        key[i] = static_cast<std::byte>(high * 16 + low);
    }
    return key;
}

}  // namespace

std::optional<audit_key> read_audit_key(std::filesystem::path const& file)
{
    auto const text = base::read_private(file, base::symlinks::reject, access_error);
    if (!text) {
        if (text.error().code == ENOENT) return std::nullopt;
        throw start_error{text.error().code == 0 ? start_errc::configuration : start_errc::io,
                          "cannot use " + file.string() + ": " + text.error().message};
    }
    auto const key = parse(text->view());
    if (key) return key;
    throw start_error{start_errc::bad_data,
                      "cannot use " + file.string() + ": it is not a key (64 hexadecimal digits)"};
}

void write_audit_key(std::filesystem::path const& file, audit_key const& key)
{
    std::string text;
    for (auto const each : key) {
        auto const byte = std::to_integer<unsigned>(each);
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    text += '\n';
    int const error = base::write_atomically(file, text, base::existing_file::keep);
    base::wipe(text);
    if (error == 0) return;
    throw start_error{start_errc::cannot_create, "cannot create " + file.string() + ": " + base::system_message(error)};
}

audit_key derive_audit_key(std::string_view secret)
{
    return base::derive_digest_key(secret, "porter: audit chain");
}

}  // namespace porter::detail::store
