# CPack's configuration of all packages: the programs of build/release, and the library of build/library, which is
# compiled apart because the programs use Asio in a way that a library must not force on its users.
get_filename_component(builds ${CMAKE_CURRENT_LIST_DIR}/../../../build ABSOLUTE)
include(${builds}/release/CPackConfig.cmake)
set(CPACK_COMPONENTS_PROGRAMS porter porterd)
set(CPACK_COMPONENTS_LIBRARY development)
set(CPACK_INSTALL_CMAKE_PROJECTS ${builds}/release porter PROGRAMS / ${builds}/library porter LIBRARY /)
set(CPACK_PACKAGE_DIRECTORY ${builds}/packages)
