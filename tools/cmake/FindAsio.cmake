# Standalone Asio is header files only: Debian ships neither a CMake config nor a .pc file.
find_path(Asio_INCLUDE_DIR asio.hpp)
if(Asio_INCLUDE_DIR)
  file(STRINGS ${Asio_INCLUDE_DIR}/asio/version.hpp asio_version_line REGEX "#define ASIO_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" asio_version_number "${asio_version_line}")
  math(EXPR asio_major "${asio_version_number} / 100000")
  math(EXPR asio_minor "${asio_version_number} / 100 % 1000")
  math(EXPR asio_patch "${asio_version_number} % 100")
  set(Asio_VERSION ${asio_major}.${asio_minor}.${asio_patch})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio REQUIRED_VARS Asio_INCLUDE_DIR VERSION_VAR Asio_VERSION)

if(Asio_FOUND AND NOT TARGET Asio::Asio)
  find_package(Threads REQUIRED)
  add_library(Asio::Asio INTERFACE IMPORTED)
  target_include_directories(Asio::Asio SYSTEM INTERFACE ${Asio_INCLUDE_DIR})
  # Deprecated names would tie us to the older of the two Asio versions that Debian has.
  target_compile_definitions(Asio::Asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
  # Asio takes aligned_alloc for coroutine frames only where a standard header came before its own: left to itself, one
  # file allocates by operator new what another one gives to free().
  target_compile_definitions(Asio::Asio INTERFACE ASIO_DISABLE_STD_ALIGNED_ALLOC)
  # Nor does it keep freed memory for the next frame or operation, whatever its size: a connection that waits for days
  # would hold what its handshake once needed (measured: 270 to 380 bytes of it), and malloc is as fast.
  target_compile_definitions(Asio::Asio INTERFACE ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=0)
  target_link_libraries(Asio::Asio INTERFACE Threads::Threads)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_definitions(Asio::Asio INTERFACE ASIO_HAS_CO_AWAIT=1 ASIO_HAS_STD_COROUTINE=1)
  endif()
endif()
