#pragma once

#include "base/text.hpp"

namespace porter::detail::terminal {

using base::count_code_points;
using base::display_width;
using base::lower;

}  // namespace porter::detail::terminal
