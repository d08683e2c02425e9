#pragma once

#include <filesystem>

namespace porter::detail::base {

/// Why no file can be made in this folder, as a value of errno; 0: one can. Makes nothing. `planned` is a folder that
/// will have been made by then, with those above it that are missing; empty: none.
int error_of_creating_in(std::filesystem::path const& folder, std::filesystem::path const& planned);

}  // namespace porter::detail::base
