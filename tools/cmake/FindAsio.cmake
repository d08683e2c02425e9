# Standalone Asio is header-only. Debian's package has neither a CMake config nor a .pc file.
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
  # The deprecated names exist only in the older of Debian's two versions of Asio.
  target_compile_definitions(Asio::Asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
  # Asio uses aligned_alloc for coroutine frames only if a standard header was included before its own. Without this
  # definition one file allocates by operator new what another one frees by free().
  target_compile_definitions(Asio::Asio INTERFACE ASIO_DISABLE_STD_ALIGNED_ALLOC)
  # No cache of freed memory for the next frame or operation: an idle connection would keep the memory of its handshake
  # (measured: 270 to 380 bytes), and malloc is as fast.
  target_compile_definitions(Asio::Asio INTERFACE ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=0)
  target_link_libraries(Asio::Asio INTERFACE Threads::Threads)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_definitions(Asio::Asio INTERFACE ASIO_HAS_CO_AWAIT=1 ASIO_HAS_STD_COROUTINE=1)
  endif()
endif()
