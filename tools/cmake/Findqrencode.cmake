include(${CMAKE_CURRENT_LIST_DIR}/PorterFindLibrary.cmake)
porter_find_library(qrencode qrencode.h qrencode)
