#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace porter::programs {

/// The name or number of the user who calls porterctl; of root the one who called sudo, if it says so.
std::string calling_user();

/// If root runs porterctl on another user's database, switches to that user for good: new files belong to the owner,
/// and nothing that the owner put into the folder is used with root's permissions. The owner is that of the file, or of
/// its folder if there is no file. Returns the owner's name or number; none: the user is unchanged. Throws
/// config::option_error: io, or bad_configuration if root owns the file and another user its folder.
std::optional<std::string> become_owner(std::filesystem::path const& database);

}  // namespace porter::programs
