# How the objects of this tree use Asio. The users of the library compile Asio as they like, as long as its types stay
# the same: nothing here may reach them.
add_library(porter_asio INTERFACE)
target_link_libraries(porter_asio INTERFACE Asio::Asio)

# Asio 1.22 takes coroutine frames from std::aligned_alloc if a standard header was included before its first header,
# otherwise from operator new. All files of this tree are compiled as if Asio came first, as files do that begin with
# `#include <asio.hpp>`: otherwise one file allocates by operator new what another one frees by free().
# include/porter/detail/asio_config.hpp does the same for files of users.
# The precompiled header, which must be the first one, begins with it.
target_compile_options(porter_asio INTERFACE
  "$<$<STREQUAL:$<TARGET_PROPERTY:PRECOMPILE_HEADERS_REUSE_FROM>,>:SHELL:-include asio/detail/config.hpp>")

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

# What nearly all files include. With clang a test takes two thirds of the time; with g++ it gains nothing.
# Builds without it show an #include that is missing.
if(PORTER_PRECOMPILE)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/precompiled.cpp CONTENT "")
  add_library(porter_precompiled OBJECT ${PROJECT_BINARY_DIR}/generated/precompiled.cpp)
  target_link_libraries(porter_precompiled PRIVATE porter_flags porter_asio_separate)
  target_precompile_headers(porter_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/tools/cmake/precompiled.hpp)
endif()

# porter_precompiled_headers(TARGET): it uses that header, if there is one.
function(porter_precompiled_headers target)
  if(PORTER_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM porter_precompiled)
  endif()
endfunction()
