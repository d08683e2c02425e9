#pragma once

#include <string_view>

#include "porter/error.hpp"

namespace porter::programs {

/// A code in words for the user: a clause without a capital letter and a full stop.
std::string_view code_text(code reason) noexcept;

}  // namespace porter::programs
