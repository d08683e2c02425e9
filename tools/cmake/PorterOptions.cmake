# The compiler flags of all targets.
option(PORTER_BUILD_PROGRAMS "Build the programs" ON)
option(PORTER_BUILD_TESTS "Build the tests and examples" ON)
set(PORTER_SANITIZE "" CACHE STRING "Sanitizers: empty, 'address,undefined' or 'thread'")
option(PORTER_FUZZ "Build the fuzzers of tests/fuzz with libFuzzer, and nothing else: needs clang" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(porter_flags INTERFACE)
target_compile_options(porter_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wformat=2)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # With -O2, g++ 12 inlines Asio's operator new for coroutine frames and not its operator delete, and warns.
  # Not for clang, which also warns of the casts in OpenSSL's macros: -Wcast-qual.
  target_compile_options(porter_flags INTERFACE -Wno-mismatched-new-delete -Wcast-qual)
endif()

# Hardening of the programs that are installed: fortified copies, stack protection, position-independent code, read-only
# relocations. Sanitizers find more and do not work together with these flags.
string(TOUPPER "${CMAKE_BUILD_TYPE}" porter_build_type)
if(NOT PORTER_SANITIZE AND porter_build_type MATCHES "^(RELEASE|RELWITHDEBINFO|MINSIZEREL)$")
  include(CheckCXXCompilerFlag)
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES CXX)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  target_compile_options(porter_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  foreach(flag IN ITEMS -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero)
    string(MAKE_C_IDENTIFIER "porter_has${flag}" has_flag)
    check_cxx_compiler_flag(${flag} ${has_flag})
    if(${has_flag})
      target_compile_options(porter_flags INTERFACE ${flag})
    endif()
  endforeach()
  target_link_options(porter_flags INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()

if(PORTER_SANITIZE)
  target_compile_options(porter_flags INTERFACE
    -fsanitize=${PORTER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ documents false positives of this warning with sanitizers. Builds without them keep it.
    target_compile_options(porter_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_link_options(porter_flags INTERFACE -fsanitize=${PORTER_SANITIZE})
  if(PORTER_FUZZ)
    # clang only searches for inputs here, so its warnings are no errors. Its -fsanitize=function (version 14) has false
    # positives.
    target_compile_options(porter_flags INTERFACE -Wno-error -fno-sanitize=function)
  endif()
  if(PORTER_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio uses atomic_thread_fence, which g++'s ThreadSanitizer does not model; g++ warns about it.
    target_compile_options(porter_flags INTERFACE -Wno-tsan)
  endif()
endif()
