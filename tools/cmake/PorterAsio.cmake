# How the objects of this tree use Asio. The users of the library compile Asio as they like, as long as its types stay
# the same: nothing here may reach them.
add_library(porter_asio INTERFACE)
target_link_libraries(porter_asio INTERFACE Asio::Asio)

# Asio 1.22 takes coroutine frames from std::aligned_alloc if a standard header was included before its first header,
# otherwise from operator new. All files of this tree are compiled as if Asio came first, as files do that begin with
# `#include <asio.hpp>`: otherwise one file allocates by operator new what another one frees by free().
# include/porter/detail/asio_config.hpp does the same for files of users.
target_compile_options(porter_asio INTERFACE "SHELL:-include asio/detail/config.hpp")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # With -O2, g++ 12 inlines Asio's operator new for coroutine frames and not its operator delete, and warns.
  target_compile_options(porter_asio INTERFACE -Wno-mismatched-new-delete)
endif()

if(PORTER_SMALL_CONNECTIONS)
  # No cache of freed memory for the next frame or operation: an idle connection would keep the memory of its handshake
  # (measured: about 450 bytes with a session), and malloc is as fast. It changes a type of Asio, so all files of a
  # program need it.
  target_compile_definitions(porter_asio INTERFACE ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=0)
endif()

# With g++, only base/asio_impl.cpp compiles Asio's implementation, so that other files build faster. Asio's types stay
# the same, so these objects can be linked with those of users, who compile it in each file.
add_library(porter_asio_separate INTERFACE)
target_link_libraries(porter_asio_separate INTERFACE porter_asio)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # clang emits only one of two entry points of an inline constructor
  target_compile_definitions(porter_asio_separate INTERFACE ASIO_SEPARATE_COMPILATION)
endif()
