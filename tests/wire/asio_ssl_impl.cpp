// Asio's TLS is compiled here: porter_base has the rest of Asio's implementation only.
#ifdef ASIO_SEPARATE_COMPILATION
#include <asio/ssl/impl/src.hpp>
#endif
