#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "porter/result.hpp"

namespace porter::detail::auth {

/// The error for a password on the list.
inline constexpr std::string_view listed_password = "this password is on a list of known passwords";

/// The administrator's list of rejected passwords, a file of sorted SHA-1 sums (see sorted_sums.hpp). Searched on disk,
/// without loading it: for the hashing threads. Safe from any thread.
class password_list {
public:
    /// Checks the file. Throws start_error(configuration), which names the line and the expected format.
    explicit password_list(std::filesystem::path file);

    /// Whether the normalised password is on the list. Opens the file each time, so that it may be replaced. Error: in
    /// one line, why the file could not be searched.
    result<bool, std::string> contains(base::secret const& password) const;

private:
    std::filesystem::path file_;
};

}  // namespace porter::detail::auth
