// With g++, Asio's implementation is compiled in this file only (ASIO_SEPARATE_COMPILATION): all others build faster.
//
// Its functions stay inline, because a user's objects may contain them too. The linker merges the objects within inline
// functions, such as Asio's error categories, and only those. Otherwise a comparison with asio::error::eof in a user's
// file would use another category than Porter's files do (seen with clang and -O2).
#include <asio/detail/config.hpp>
#ifdef ASIO_SEPARATE_COMPILATION
#undef ASIO_DECL
#define ASIO_DECL inline __attribute__((used))
#include <asio/impl/src.hpp>
#endif
