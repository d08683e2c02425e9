#pragma once

// The operators && and || of two coroutines, which Asio still keeps under experimental.

#include <asio/experimental/awaitable_operators.hpp>

namespace porter::detail::base::awaitable_operators {

using asio::experimental::awaitable_operators::operator&&;
using asio::experimental::awaitable_operators::operator||;

}  // namespace porter::detail::base::awaitable_operators
