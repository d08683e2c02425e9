// Compiled as Porter's objects are. With g++ (ASIO_SEPARATE_COMPILATION) Asio's functions come from another object.
#include <asio/error.hpp>

#include "elsewhere.hpp"

bool is_eof_separately(std::error_code error)
{
    return error == asio::error::eof;
}
