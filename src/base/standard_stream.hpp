#pragma once

#include <filesystem>
#include <optional>

namespace porter::detail::base {

/// The descriptor of the standard stream of this name: 1 for "-" and /dev/stdout, 2 for /dev/stderr; else none.
std::optional<int> standard_stream(std::filesystem::path const& name);

}  // namespace porter::detail::base
