# Standalone Asio is header-only. Debian's package has neither a CMake config nor a .pc file.
#
# Asio::Asio has no definition that changes a type or a function of Asio (ASIO_NO_DEPRECATED,
# ASIO_DISABLE_STD_ALIGNED_ALLOC, ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE and others do): a program may contain other
# libraries that use Asio as it is. What Porter's own objects are compiled with is in PorterAsio.cmake.
find_path(Asio_INCLUDE_DIR asio.hpp)
mark_as_advanced(Asio_INCLUDE_DIR)
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
  target_link_libraries(Asio::Asio INTERFACE Threads::Threads)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # Asio 1.22 does not detect the coroutines of clang, so without these definitions it has none.
    target_compile_definitions(Asio::Asio INTERFACE ASIO_HAS_CO_AWAIT=1 ASIO_HAS_STD_COROUTINE=1)
  endif()
endif()
