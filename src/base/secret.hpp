#pragma once

#include "porter/secret.hpp"

namespace porter::detail::base {

using porter::secret;
using porter::wipe;

}  // namespace porter::detail::base
