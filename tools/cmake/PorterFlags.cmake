# Warnings, hardening and sanitizers, as usage requirements of porter_flags.
target_compile_options(porter_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wformat=2)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Not for clang, which also warns of the casts in OpenSSL's macros.
  target_compile_options(porter_flags INTERFACE -Wcast-qual)
endif()

# Hardening of the programs that are installed: fortified copies, stack protection, position-independent code, read-only
# relocations. Sanitizers find more and do not work together with these flags.
string(TOUPPER "${CMAKE_BUILD_TYPE}" porter_build_type)
if(NOT PORTER_SANITIZE AND porter_build_type MATCHES "^(RELEASE|RELWITHDEBINFO|MINSIZEREL)$")
  include(CheckCXXCompilerFlag)
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES CXX)
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
  if(PORTER_SANITIZE MATCHES "undefined" AND PORTER_BUILD_PROGRAMS AND NOT PORTER_FUZZ)
    # UndefinedBehaviorSanitizer has up to a hundred megabytes of pointers in a program. Where they need no relocation,
    # a program starts in a third of the time, and the tests start thousands. With clang 19 porterd has 640,000
    # relocations: a tenth of the time of its start, a fifth of its size and two fifths of the time of its link. The
    # programs of others, with a library that was built alone, are as their compiler makes them.
    target_compile_options(porter_flags INTERFACE -fno-pie)
    target_link_options(porter_flags INTERFACE -no-pie)
  endif()
  target_link_options(porter_flags INTERFACE -fsanitize=${PORTER_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT PORTER_FUZZ)
    # Debian's package lld-19, if it is installed. GNU ld takes several times as long for a program with sanitizers.
    include(CheckLinkerFlag)
    check_linker_flag(CXX -fuse-ld=lld porter_has_lld)
    if(porter_has_lld)
      target_link_options(porter_flags INTERFACE -fuse-ld=lld)
    endif()
  endif()
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
