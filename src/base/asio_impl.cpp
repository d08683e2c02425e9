// Asio's implementation is compiled in this translation unit only (ASIO_SEPARATE_COMPILATION): all others build faster.
#include <asio/impl/src.hpp>
