#pragma once

#include <asio/multiple_exceptions.hpp>
#include <exception>

namespace porter::detail::base {

/// The exception that a coroutine has thrown, or of those of the operators `||` and `&&` (asio::multiple_exceptions)
/// the only one that Asio keeps: of `||` that of the side that ended first, of `&&` that of the left side.
inline std::exception_ptr first_exception(std::exception_ptr thrown)
{
    try {
        std::rethrow_exception(thrown);
    } catch (asio::multiple_exceptions const& several) {  // of a side that is an operator, too
        auto const first = several.first_exception();
        return first ? first_exception(first) : thrown;
    } catch (...) {
        return thrown;
    }
}

}  // namespace porter::detail::base
