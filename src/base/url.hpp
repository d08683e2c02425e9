#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace porter::detail::base {

/// Whether a text begins with a scheme and "://", as URLs do. A path that does so can be written with "./" before it.
bool is_url(std::string_view text) noexcept;

/// Whether it is one of the schemes of PostgreSQL, postgresql:// or postgres://.
bool is_postgresql_url(std::string_view text) noexcept;

/// The names of the parameters of a URL of PostgreSQL that have a value, decoded, as libpq finds them.
std::vector<std::string> parameter_names(std::string_view url);

/// Whether a URL of PostgreSQL has a password or another secret, before the host or as a parameter, as libpq reads it;
/// or seems to have one that libpq would not find, because a '/' in it is not encoded.
bool has_password(std::string_view url);

}  // namespace porter::detail::base
