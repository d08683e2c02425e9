#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "porter/error.hpp"

namespace porter::detail::auth {

/// Why a password on the list is refused, for the person who chose it.
inline constexpr std::string_view listed_password = "this password is on a list of known passwords";

/// The administrator's list of passwords that are refused, a file of sorted SHA-1 sums (see sorted_sums.hpp). It is
/// searched on disk and takes no memory. Safe from any thread; it reads from the disk, so it is for the hash threads.
class password_list {
public:
    /// Looks whether the file is such a list. Throws start_error(configuration), which says the line and what is
    /// wanted.
    explicit password_list(std::filesystem::path file);

    /// Whether the password, which is normalised, is on the list. The file is opened anew, so that one that was put in
    /// its place counts. Error: in one line, why the file could not be searched.
    result<bool, std::string> contains(base::secret const& password) const;

private:
    std::filesystem::path file_;
};

}  // namespace porter::detail::auth
