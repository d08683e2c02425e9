#pragma once

// Configures Asio before its first header: a public header that includes Asio includes this one first.

#ifndef ASIO_DETAIL_CONFIG_HPP
#include <asio/version.hpp>

// Asio 1.22 (Debian 12) takes coroutine frames from std::aligned_alloc if a standard header was included before its
// first header, otherwise from operator new. (1.30 includes one itself, so that the order does not matter.) Two files
// of a program can differ, and then free() gets memory of operator new. Porter's library is compiled as if Asio came
// first, and this does the same for each file in which a header of Porter comes before those of Asio. It cannot help a
// file that includes a standard header, then <asio.hpp>, then Porter, nor two files without Porter. For these, define
// ASIO_DISABLE_STD_ALIGNED_ALLOC for the whole program.
#if ASIO_VERSION < 102800 && !defined(ASIO_HAS_STD_ALIGNED_ALLOC) && !defined(ASIO_DISABLE_STD_ALIGNED_ALLOC)
#define ASIO_DISABLE_STD_ALIGNED_ALLOC 1
#endif

// Asio 1.22 does not detect the coroutines of clang.
#if defined(__clang__) && !defined(ASIO_HAS_CO_AWAIT) && !defined(ASIO_DISABLE_CO_AWAIT)
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#endif

#include <asio/detail/config.hpp>
#endif

#ifndef ASIO_HAS_CO_AWAIT
#error "Asio has no coroutines: compile as C++20, and with clang define ASIO_HAS_CO_AWAIT=1 ASIO_HAS_STD_COROUTINE=1"
#endif
