#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "store/audit.hpp"

namespace porter::detail::store {

/// The name of the key's file in porterd's data directory, where one server has a file.
inline constexpr std::string_view audit_key_name = "audit.key";

/// The key in a file; none: there is no file. Throws start_error: configuration if other users may read or change it;
/// bad_data if it is no key; io.
std::optional<audit_key> read_audit_key(std::filesystem::path const& file);

/// Writes a new file (0600), durable. Throws start_error(cannot_create), also if there is one.
void write_audit_key(std::filesystem::path const& file, audit_key const& key);

/// The key of servers that share a store and the secret key of TLS, which is this text (PEM).
audit_key derive_audit_key(std::string_view secret);

}  // namespace porter::detail::store
