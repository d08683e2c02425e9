#pragma once

#include <cstddef>
#include <filesystem>

namespace porter::detail::base {

/// Why a file cannot be created in this folder, as a value of errno; 0: it can. Leaves nothing behind: a file without a
/// name, or a folder that is removed at once, shows it. `planned` is a folder that will be created before, with its
/// missing parents; empty: none.
int error_of_creating_in(std::filesystem::path const& folder, std::filesystem::path const& planned);

/// The same for a file that does not exist and to whose name up to `suffix_bytes` are appended.
int error_of_creating(std::filesystem::path const& file, std::filesystem::path const& planned,
                      std::size_t suffix_bytes = 0);

/// The error of creating this folder with its missing parents, as a value of errno; 0: it works, or the folder exists.
/// Leaves nothing behind.
int error_of_creating_folder(std::filesystem::path const& folder);

}  // namespace porter::detail::base
