# What `cmake --install` installs: the programs, and the library as CMake package and pkg-config files. The install
# components porterd, porter and development are those of the Debian packages; tools/packaging adds local and docs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(PORTER_BUILD_PROGRAMS)
  install(TARGETS program_porter COMPONENT porter)
  install(TARGETS program_porterd program_porterctl COMPONENT porterd)
  install(TARGETS program_porter-bench COMPONENT porterd OPTIONAL)  # not built by tools/run
endif()
if(NOT PORTER_BUILD_LIBRARY)
  return()
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/porter)
set(porter_components wire)
if(PORTER_BUILD_CLIENT)
  list(APPEND porter_components client)
endif()
if(PORTER_BUILD_SERVER)
  list(APPEND porter_components server)
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/porter ${PROJECT_BINARY_DIR}/generated/porter
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development FILES_MATCHING PATTERN "*.hpp")

# The package. Each component has a file of targets of its own, so that only what it needs must be there.
foreach(component IN ITEMS wire protocol client server)
  if(TARGET porter-${component})
    install(TARGETS porter-${component} EXPORT porter-${component}-targets
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
            INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(EXPORT porter-${component}-targets NAMESPACE porter::
            DESTINATION ${package_dir} COMPONENT development)
  endif()
endforeach()

configure_package_config_file(${PROJECT_SOURCE_DIR}/tools/cmake/porterConfig.cmake.in
  ${PROJECT_BINARY_DIR}/porterConfig.cmake INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/porterConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/porterConfig.cmake ${PROJECT_BINARY_DIR}/porterConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/tools/cmake/FindAsio.cmake
              ${PROJECT_SOURCE_DIR}/tools/cmake/Findlibcrypt.cmake
              ${PROJECT_SOURCE_DIR}/tools/cmake/Findlibsodium.cmake
              ${PROJECT_SOURCE_DIR}/tools/cmake/Findutf8proc.cmake
              ${PROJECT_SOURCE_DIR}/tools/cmake/Findzxcvbn.cmake
              ${PROJECT_SOURCE_DIR}/tools/cmake/PorterFindLibrary.cmake
        DESTINATION ${package_dir} COMPONENT development)

# porter_pkg_config(NAME DESCRIPTION [ARCHIVES names...] [REQUIRES packages...] [LIBRARIES flags...]). There are only
# static archives, so what they need is public: the flags are complete with and without --static.
function(porter_pkg_config name description)
  cmake_parse_arguments(pc "" "" "ARCHIVES;REQUIRES;LIBRARIES" ${ARGN})
  list(TRANSFORM pc_ARCHIVES PREPEND "-lporter-")
  list(JOIN pc_ARCHIVES " " archives)
  list(JOIN pc_REQUIRES ", " requires)
  list(JOIN pc_LIBRARIES " " libraries)
  set(file ${PROJECT_BINARY_DIR}/porter-${name}.pc)
  configure_file(${PROJECT_SOURCE_DIR}/tools/cmake/porter.pc.in ${file} @ONLY)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# The files find their prefix from where they are, so the installed tree can be moved.
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_LIBDIR is_absolute)
if(is_absolute)
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
  set(pc_libdir ${CMAKE_INSTALL_LIBDIR})
else()
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
  set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_INCLUDEDIR is_absolute)
set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
if(is_absolute)
  set(pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
endif()

porter_pkg_config(wire "messages in frames over a stream" ARCHIVES wire
                  REQUIRES libsodium libutf8proc LIBRARIES -pthread)
if(PORTER_BUILD_CLIENT)
  porter_pkg_config(client "a client of porterd and of porter::server" ARCHIVES client protocol
                    REQUIRES porter-wire libssl libcrypto)
endif()
if(PORTER_BUILD_SERVER)
  if(PORTER_POSTGRES)
    set(libpq libpq)
  endif()
  porter_pkg_config(server "accounts, sessions and encryption in front of a TCP service" ARCHIVES server protocol
                    REQUIRES porter-wire libssl libcrypto fmt sqlite3 ${libpq} LIBRARIES -lcrypt -lzxcvbn)
endif()
