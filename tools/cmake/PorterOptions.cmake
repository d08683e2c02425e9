# How everything is compiled: one place, so that no room has flags of its own.
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
  -Woverloaded-virtual -Wcast-qual -Wformat=2)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # With -O2, g++ 12 sees Asio's operator new for coroutine frames inlined and its operator delete not, and objects.
  target_compile_options(porter_flags INTERFACE -Wno-mismatched-new-delete)
endif()

# What is installed defends itself against our own mistakes: checked copies, watched stacks, addresses that differ from
# run to run, tables that are read-only once it has started. Sanitizers see more, and do not go together with it.
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
    # g++ itself says that this warning errs with sanitizers; a build without them still has it.
    target_compile_options(porter_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_link_options(porter_flags INTERFACE -fsanitize=${PORTER_SANITIZE})
  if(PORTER_FUZZ)
    # clang is here to find inputs; g++ judges the code. Clang 14's -fsanitize=function reports what is no fault.
    target_compile_options(porter_flags INTERFACE -Wno-error -fno-sanitize=function)
  endif()
  if(PORTER_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio uses atomic_thread_fence, which g++'s TSan does not model; the warning is an error otherwise.
    target_compile_options(porter_flags INTERFACE -Wno-tsan)
  endif()
endif()
