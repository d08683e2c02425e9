# What is built, and the compiler flags of all targets. In another project, by add_subdirectory, only the library is
# built, and the language level, the build type, warnings and hardening are those of that project.
include(CMakeDependentOption)

option(PORTER_BUILD_CLIENT "Build porter::client" ON)
option(PORTER_BUILD_SERVER "Build porter::server" ON)
cmake_dependent_option(PORTER_BUILD_PROGRAMS "Build porterd, porter, porterctl and porter-bench" ${PROJECT_IS_TOP_LEVEL}
  "PORTER_BUILD_CLIENT;PORTER_BUILD_SERVER" OFF)
cmake_dependent_option(PORTER_BUILD_TESTS "Build the tests and examples" ${PROJECT_IS_TOP_LEVEL}
  "PORTER_BUILD_PROGRAMS" OFF)
# libpq is in a package of its own, which a server without PostgreSQL does not need.
find_package(PostgreSQL 14 QUIET)
set(has_libpq OFF)
if(PostgreSQL_FOUND)
  set(has_libpq ON)
endif()
cmake_dependent_option(PORTER_POSTGRES "Build the store on PostgreSQL: needs libpq" ${has_libpq}
  "PORTER_BUILD_SERVER" OFF)
option(PORTER_INSTALL "Make rules for cmake --install" ${PROJECT_IS_TOP_LEVEL})
option(PORTER_SMALL_CONNECTIONS "Keep less memory for an idle connection: a build of programs, without the library" OFF)
option(PORTER_PRECOMPILE "Parse the headers of Asio and of the standard library once: for clang" OFF)
set(PORTER_SANITIZE "" CACHE STRING "Sanitizers: empty, 'address,undefined' or 'thread'")
option(PORTER_FUZZ "Build the fuzzers of tests/fuzz with libFuzzer, and nothing else: needs clang" OFF)
mark_as_advanced(PORTER_PRECOMPILE PORTER_SANITIZE PORTER_FUZZ)

# PORTER_SMALL_CONNECTIONS changes a type of Asio (PorterAsio.cmake), so no user may link such objects.
set(PORTER_BUILD_LIBRARY ON)
if(PORTER_SMALL_CONNECTIONS)
  set(PORTER_BUILD_LIBRARY OFF)
  if(NOT PROJECT_IS_TOP_LEVEL OR NOT PORTER_BUILD_PROGRAMS)
    message(FATAL_ERROR "PORTER_SMALL_CONNECTIONS is for a build of Porter's programs: it has no library for others.")
  endif()
endif()

add_library(porter_flags INTERFACE)
# For static libraries too, because a shared library may link them; none does with sanitizers.
if(NOT PORTER_SANITIZE)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_STANDARD 20)
  set(CMAKE_CXX_STANDARD_REQUIRED ON)
  set(CMAKE_CXX_EXTENSIONS OFF)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  get_property(is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(NOT CMAKE_BUILD_TYPE AND NOT is_multi_config)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
  endif()
  find_program(CCACHE_PROGRAM ccache)
  if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Without this ccache does not cache what uses a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  endif()
  include(PorterFlags)
else()
  # Warnings of compilers that we do not test are no errors of the other project, and our files are not made for unity.
  set(CMAKE_COMPILE_WARNING_AS_ERROR OFF)
  set(CMAKE_UNITY_BUILD OFF)
endif()
