// The one translation unit that holds Asio's own code (ASIO_SEPARATE_COMPILATION): every other one compiles faster.
#include <asio/impl/src.hpp>
