#pragma once

#include <string_view>

#include "porter/error.hpp"

namespace porter::programs {

/// What a code means, for a person at a terminal: a clause without a capital letter and a full stop.
std::string_view code_text(code said) noexcept;

}  // namespace porter::programs
