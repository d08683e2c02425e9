#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace porter::programs {

/// Root works on the database of another user as that user, for good: every file that is made belongs to the owner, and
/// nothing that the owner has put into the folder is done with root's rights. The owner is that of the file, or of its
/// folder where there is no file. Returns the owner's name, or number; none: the user stays the same. Throws
/// config::option_error(io).
std::optional<std::string> become_owner(std::filesystem::path const& database);

}  // namespace porter::programs
