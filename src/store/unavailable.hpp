#pragma once

#include "porter/result.hpp"

namespace porter::detail::store {

/// The denial of a request that the store does not answer, or whose answer may be out of date.
inline error unavailable()
{
    return {code::unavailable, "the user database cannot be reached just now"};
}

}  // namespace porter::detail::store
