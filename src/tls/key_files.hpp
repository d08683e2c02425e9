#pragma once

#include <filesystem>
#include <optional>

#include "base/clock.hpp"
#include "tls/certified_key.hpp"

namespace porter::detail::tls {

/// The paths of a key and its certificate, in PEM. The certificate may be followed by the rest of its chain.
struct key_files {
    std::filesystem::path key;
    std::filesystem::path certificate;
};

/// Reads a key without its certificate. Throws start_error(configuration), with the file's name, if the file cannot be
/// read or is invalid, or if others can read or own it (key_access_error()).
key_handle load_key(std::filesystem::path const& file);

/// Reads both. Throws start_error(configuration), with the file's name, if a file cannot be read or is invalid, if the
/// certificate is not for the key, if no client could complete a handshake with them, or if others can read the key's
/// file or own it (key_access_error()): they may know the key already.
certified_key load(key_files const& files);

/// Reads both, and creates missing files: both, or the certificate alone if an earlier call was interrupted after the
/// key. Never replaces a file: writes a temporary one (0600, O_EXCL) and links it to the name, which fails if that
/// exists; then the existing file is used. A certificate without its key is an error: the key that clients expect is
/// lost. Throws start_error: as load(), and cannot_create.
certified_key load_or_make(key_files const& files, base::timestamp now);

/// Checks whether load_or_make() would succeed, as far as the existing files show; creates nothing. Returns the key and
/// its certificate if both exist. Throws start_error.
std::optional<certified_key> check(key_files const& files);

}  // namespace porter::detail::tls
