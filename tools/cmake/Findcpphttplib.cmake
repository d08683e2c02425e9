include(${CMAKE_CURRENT_LIST_DIR}/PorterFindLibrary.cmake)
porter_find_library(cpphttplib httplib.h cpp-httplib)
if(TARGET cpphttplib::cpphttplib)
  # Debian compiles the library with these, which change its types; its header then includes OpenSSL's.
  set_target_properties(cpphttplib::cpphttplib PROPERTIES
    INTERFACE_COMPILE_DEFINITIONS "CPPHTTPLIB_OPENSSL_SUPPORT;CPPHTTPLIB_ZLIB_SUPPORT;CPPHTTPLIB_BROTLI_SUPPORT"
    INTERFACE_LINK_LIBRARIES OpenSSL::SSL)
endif()
