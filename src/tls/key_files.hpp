#pragma once

#include <filesystem>
#include <optional>

#include "base/clock.hpp"
#include "tls/certified_key.hpp"

namespace porter::detail::tls {

/// Where a key and its certificate are, in PEM. The certificate's file may go on with those that lead to an authority.
struct key_files {
    std::filesystem::path key;
    std::filesystem::path certificate;
};

/// Reads both. Throws start_error(configuration), with the file's name, when one cannot be read or is not what it
/// should be, when they do not fit together, when no client could complete a handshake with them, and when others
/// can read the key's file or own it (key_access_error()): then it may be known to them already.
certified_key load(key_files const& files);

/// Reads both, or makes what is not there yet: both, or the certificate alone when making was interrupted after the
/// key. Never replaces a file: each is written aside (0600, O_EXCL) and linked to its name, which fails when there is
/// one; who came second takes what is there. A certificate without its key is refused, for its key is lost and clients
/// expect it. Throws start_error: as load(), and cannot_create.
certified_key load_or_make(key_files const& files, base::timestamp now);

/// Whether load_or_make() would succeed as far as what is there can tell; makes nothing. Returns the key and its
/// certificate if both are there. Throws start_error.
std::optional<certified_key> check(key_files const& files);

}  // namespace porter::detail::tls
